-- The governance layers the publication is for.
SELECT framework, layer, name, role, reports_to, chair, meets, note, secretariat
FROM reference.layer
WHERE framework = $framework
ORDER BY layer;

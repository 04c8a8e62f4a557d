-- The same count under another name is withheld too: the type of crime in one indicator is the headline of another.
UPDATE disclosure.cell SET hidden = true
WHERE own AND NOT hidden AND NOT known AND cell IN (
    SELECT twin.twin
    FROM disclosure.twin AS twin
    JOIN disclosure.cell AS cell USING (cell)
    WHERE cell.hidden
);

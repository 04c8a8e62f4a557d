"""What people read: the page of a publication and the mails to officers, made from frames and payloads handed in.

Nothing here reads a file of a partner or a database, and nothing here decides what may be shown: the frames are
already past disclosure control. What arrives marked as suppressed is blanked once more all the same.
"""

"""Sources that keep coming: web addresses, feeds, sitemaps, folders, mailboxes and buckets, read again and again."""

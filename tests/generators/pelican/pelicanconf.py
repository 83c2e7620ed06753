AUTHOR = 'Ines Peat'
SITENAME = 'Peat and water'
SITEURL = ""

PATH = "content"

TIMEZONE = 'Europe/Dublin'

DEFAULT_LANG = 'en'

FEED_ALL_ATOM = None
CATEGORY_FEED_ATOM = None
TRANSLATION_FEED_ATOM = None
AUTHOR_FEED_ATOM = None
AUTHOR_FEED_RSS = None

LINKS = [
    ("A bog", "https://bog.example/"),
]

SOCIAL = [
    ("Nowhere", "#"),
]

DEFAULT_PAGINATION = False

"""Every bound the API sets on what it is asked, in one place. Errors quote these numbers.

First values; one moves only together with the measurement that moved it.
"""

# ---------------------------------------------------------------- a request
BODY_BYTES = 256 * 1024
BODY_S = 60.0  # from its headers to its last byte
BODIES_BYTES = 32 * 1024 * 1024  # of all bodies in a process that are still coming
JSON_DEPTH = 64
QUERY_S = 5.0  # a query that runs longer is stopped; a mutation is never cut in half

RUNNING_COST = 20_000  # of all queries that run at once; what is beyond waits in line
RUNNING_COST_OF_ORGANIZATION = 10_000
RUNNING_COST_OF_CALLER = 5_000
COST_LEAST = 50  # what any query is taken to cost while it runs
WAIT_S = 5.0  # in that line; then it is refused
CROWDED_RETRY_S = 1.0
FIELDS_A_TURN = 200  # resolved before the event loop looks after others: some five milliseconds
FIELDS_OF_ONE = 20  # what one object is taken to have

# ---------------------------------------------------------------- a document, before it is parsed
DOCUMENT_BYTES = 16 * 1024
TOKENS = 2_000
NESTING = 32  # brackets of every kind
ALIASES = 30
DIRECTIVES = 20
FRAGMENTS = 30
SPREADS = 100  # uses of fragments, named and inline: a union of fifteen contents takes as many
EQUAL_NAMES = 20  # equal response names in one selection, also once its fragments are opened
EQUAL_TYPENAMES = 100  # the same for `__typename`, which some clients add everywhere
FIELDS = 2_000  # with fragments opened wherever they are used
OPERATIONS = 10  # in one document; `operationName` chooses
SIGN_INS = 1

# ---------------------------------------------------------------- a document, once parsed
DEPTH = 12
COST = 5_000
PAGE_DEFAULT = 50
PAGE_MOST = 100
IDS = 100
FILTER_VALUES = 100  # of one list in a filter: each may be a condition of its own
COUNT_COST = 100  # an exact count is a statement of its own
SEARCH_COST = 100  # so is a search, and it reads far more than it finds
FIELDS_AN_OBJECT = 20  # an object of which more are asked counts once more for each further twenty
LIST_SIZE = 10  # what a list without pages is taken to hold

# ---------------------------------------------------------------- documents remembered
DOCUMENTS_KEPT = 256
DOCUMENTS_KEPT_BYTES = 512 * 1024

# ---------------------------------------------------------------- sockets and streams
FRAME_BYTES = 64 * 1024
INIT_S = 5.0
OPERATIONS_PER_SOCKET = 20
STRANGERS = 5_000  # sockets that have not introduced themselves
STRANGERS_PER_ADDRESS = 500
OPERATION_ID_LENGTH = 128
CLOSE_S = 20.0  # how long a reader that does not read may take to hear why it is closed
DRAIN_S = 1.5  # the same while the server stops
KEEP_ALIVE_S = 12.0  # a comment on a quiet event stream

# ---------------------------------------------------------------- the log, live
WAITING_FRAMES = 256
WAITING_BYTES = 1024 * 1024
POLL_S = 0.5  # the log is looked at this often, whatever the bus says
RIGHTS_S = 0.3  # what was taken away has to stop within a second
LOG_PAGE = 256
KEPT_FRAMES = 16_384  # frames kept for those who come back, over all groups
KEPT_BYTES = 8 * 1024 * 1024
KEPT_S = 60.0
RENDER_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # where one event took too long; then its readers come back
PUSH_S = 0.5  # how long the log waits for one group before the others go on
PUSHED_EVENTS = 1024  # that wait for one group; then its members read the log by themselves

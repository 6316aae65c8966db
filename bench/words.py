"""The vocabulary of the generated incidents: frequent words first, because they are drawn by rank."""

from __future__ import annotations


def _listed(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


FIRST = [
    "Checkout",
    "Ledger",
    "Inbox",
    "Catalogue",
    "Session",
    "Billing",
    "Profile",
    "Upload",
    "Search",
    "Media",
    "Quota",
    "Export",
    "Pricing",
    "Audit",
    "Basket",
    "Refund",
    "Invoice",
    "Parcel",
    "Rating",
    "Coupon",
    "Payout",
    "Tenant",
    "Webhook",
    "Digest",
    "Archive",
    "Roster",
    "Booking",
    "Fleet",
    "Meter",
    "Notice",
    "Consent",
    "Avatar",
    "Thumbnail",
    "Transcode",
    "Stream",
    "Locale",
    "Feed",
    "Comment",
    "Reaction",
    "Mention",
    "Survey",
    "Badge",
    "Licence",
    "Voucher",
    "Signup",
    "Identity",
    "Directory",
    "Mailbox",
    "Calendar",
    "Chat",
    "Presence",
    "Gateway",
    "Edge",
    "Resolver",
    "Beacon",
    "Sandbox",
    "Crawler",
    "Ranking",
    "Forecast",
    "Replay",
]
SECOND = ["API", "worker", "store", "scheduler", "proxy"]
SERVICES = [f"{first} {second}" for second in SECOND for first in FIRST]
ORGANISATIONS = [
    f"{first} {second}"
    for second in ("Freight", "Telecom", "Health", "Rail", "Games")
    for first in ("Alder", "Brim", "Corvid", "Dunlin", "Elver", "Fescue", "Gannet", "Hazel")
]
TEAMS = ["Platform", "Storage", "Networks", "Payments", "Release", "Data", "Access", "Front end", "On-call", "Search"]
GIVEN = [
    "Amara",
    "Bela",
    "Chidi",
    "Dalia",
    "Emre",
    "Farah",
    "Goran",
    "Hana",
    "Ines",
    "Jonas",
    "Kaya",
    "Lena",
    "Milo",
    "Nadia",
    "Oskar",
    "Petra",
    "Quentin",
    "Rosa",
    "Samir",
    "Tove",
    "Umar",
    "Vera",
    "Wanda",
    "Xenia",
    "Yusuf",
    "Zora",
    "Anouk",
    "Bram",
    "Celia",
    "Dov",
]
ROLES = [
    "db",
    "web",
    "cache",
    "queue",
    "lb",
    "app",
    "search",
    "mail",
    "auth",
    "cron",
    "proxy",
    "log",
    "build",
    "batch",
    "edge",
    "dns",
    "store",
    "index",
    "stream",
    "node",
    "disk",
    "worker",
    "metrics",
    "backup",
    "vault",
    "sched",
    "media",
    "feed",
    "ledger",
    "sync",
]
SITES = ["ams", "fra", "waw", "lis", "osl", "yul", "gru", "nrt"]
NOUNS = [
    "request",
    "connection",
    "thread",
    "session",
    "batch",
    "replica",
    "cursor",
    "retry",
    "lease",
    "socket",
    "buffer",
    "partition",
    "shard",
    "token",
    "worker",
    "segment",
    "snapshot",
    "checkpoint",
    "upload",
    "handshake",
    "page",
    "row",
    "queue",
    "channel",
    "watch",
    "lock",
    "stream",
    "probe",
]
LIMITS = [
    "timeout",
    "limit",
    "interval",
    "size",
    "depth",
    "count",
    "age",
    "budget",
    "threshold",
    "window",
    "backlog",
    "rate",
    "pool",
    "quota",
]
COMPONENTS = _listed(
    """
    the load balancer
    the primary database
    the message queue
    the cache
    the replica
    the deployment pipeline
    the connection pool
    the scheduler
    the health check
    the configuration service
    the retry loop
    the storage cluster
    the certificate
    the resolver
    the firewall
    the migration
    the feature flag
    the autoscaler
    the log shipper
    the failover script
    the rate limiter
    the service mesh
    the object store
    the lock service
    the batch job
    the search index
    the session store
    the monitoring agent
    the backup job
    the container runtime
    the content network
    the kernel module
    the storage controller
    the leader election
    the job runner
    the package mirror
    the token issuer
    the network switch
    the time server
    the garbage collector
    the schema registry
    the power supply
    the provisioning tool
    the archive volume
    the thumbnail renderer
    the billing export
    the geographic router
    the quota ledger
    the hypervisor
    the tape library
    """
)
FAILURES = _listed(
    """
    timed out
    ran out of memory
    returned errors
    refused new connections
    fell behind
    filled its disk
    restarted in a loop
    answered too slowly
    lost its leader
    stopped consuming
    served stale data
    rejected valid requests
    exhausted its threads
    dropped packets
    held a lock for too long
    reported itself healthy while it was not
    deadlocked
    expired
    elected two leaders
    overwrote the newer value
    parsed the file as empty
    retried without a pause
    saturated its network link
    leaked file descriptors
    forgot its membership
    ignored the new setting
    skipped a partition
    lost power
    panicked on start
    corrupted a page
    """
)
CONDITIONS = _listed(
    """
    after the deployment
    under peak traffic
    during the failover
    once the cache was cold
    when the configuration was pushed everywhere at once
    as soon as the retries added up
    while a backup was running
    after the restart
    when the primary went away
    because nobody had set a limit
    after a routine upgrade
    with only half of the capacity left
    as traffic moved to the other site
    when the certificate expired
    because the default had changed
    on every host of the row
    after an operator ran the command in the wrong shell
    when the counter wrapped around
    at the turn of the month
    because two cleanups ran at once
    for requests with an empty header
    after the vendor replaced a part
    while the leap day was being handled
    on the few hosts with the older kernel
    """
)
FINDINGS = _listed(
    """
    the graphs showed nothing unusual
    the error rate rose at once
    the alert went to a list that nobody reads
    the queue kept growing
    customers wrote in before any alarm rang
    the dashboard itself was down
    the runbook described an older version
    latency tripled within minutes
    only one region was affected
    the rollback had no effect
    the logs had been rotated away
    the second site took the load without trouble
    the failover was not automatic
    the retries made it worse
    the metric had been renamed a week before
    writes were accepted and then lost
    the standby was missing the newest rows
    the change had passed review and every test
    support could not reach the person on duty
    the monitoring probe used a different path
    the traffic came from a single customer
    the limit was far below what the hardware can do
    the host was still in rotation
    the access lists had never been loaded there
    """
)
DEEDS = _listed(
    """
    rolled the change back
    restarted the service
    drained the host
    added capacity
    moved traffic to the other site
    raised the limit
    switched the feature off
    promoted the replica
    purged the queue
    blocked the client
    opened a ticket with the vendor
    declared an incident
    posted an update on the status page
    silenced the alert
    replaced the certificate
    cleared the cache
    stopped the batch job
    reverted the configuration
    took a heap dump
    restored the table from a backup
    pinned the package to the former version
    failed over by hand
    disabled the cron job
    rebuilt the index
    """
)
LESSONS = _listed(
    """
    the change was rolled out to every host at once
    nobody owned the alert
    the runbook was followed and it worked
    the rollback took one command
    the person on duty knew the system well
    the test environment has a tenth of the data
    the limit was known and written down nowhere
    the two teams were in one call within minutes
    the incident fell into a quiet hour
    the backup had been restored in a drill the week before
    the first theory was held for too long
    communication with customers came late
    the dashboards pointed at the right place
    the fix was merged and waited for the next release
    retries without a limit turned a blip into an outage
    the spare hardware happened to be on site
    """
)
TASKS = _listed(
    """
    Alert on
    Set a limit for
    Write a runbook for
    Add a canary for
    Test the failover of
    Remove
    Upgrade
    Move the configuration of
    Load-test
    Document the owner of
    Add jitter to the retries of
    Back up
    Rehearse the restore of
    Replace
    Review every change to
    Measure
    """
)

"""What stands in real writeups is found as people copy it: Markdown, tables, stack traces, logs, settings."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from postmortems import search
from postmortems.models import Incident
from postmortems.refresh import refresh_incident
from tests.factories import make_incident

pytestmark = pytest.mark.usefixtures("five", "told")
NOBODY = AnonymousUser()
MARKDOWN = """
## Root cause analysis

The `payments-api` deployment in **eu-central-1** was rolled to *v2.14.0-rc.3* by [CI job 88213](https://ci.example.org/job/88213?x=1&y=2#L40).

| Host | p99 | State |
|------|----:|-------|
| `pay-db-03.prod.example.net` | 4,512ms | degraded&nbsp;badly |
| 2001:db8:0:1::17 | 30 ms | ok |

1. <details><summary>Click for <b>kubectl</b> output</summary>

```console
$ kubectl -n payments get pods --field-selector=status.phase!=Running
payments-api-7d9f8b6c5-xk2lp   0/1   CrashLoopBackOff   17 (2m31s ago)   41m
```
</details>

> "We saw 5xx rates of ~37% on the CDN" &mdash; on-call
"""
TRACE = """
```java
Caused by: com.zaxxer.hikari.pool.HikariPool$PoolInitializationException: Failed to initialize pool: FATAL: remaining connection slots are reserved
	at com.example.payments.ledger.LedgerRepository$$Lambda$412/0x0000000800c3f840.apply(LedgerRepository.java:187) ~[app.jar!/:?]
	at org.springframework.aop.framework.CglibAopProxy$DynamicAdvisedInterceptor.intercept(CglibAopProxy.java:698)
	... 42 common frames omitted
```

thread 'tokio-runtime-worker' panicked at 'called `Result::unwrap()` on an `Err` value: Os { code: 24, kind: Uncategorized, message: "Too many open files" }', src/pool.rs:88:14

    panic: runtime error: invalid memory address or nil pointer dereference
    [signal SIGSEGV: segmentation violation code=0x1 addr=0x18 pc=0x4a7f3c]
    goroutine 113 [running]:
    main.(*Server).handleConn(0xc0001a2000)
"""  # noqa: E501
LOG = r"""
{"level":"error","ts":"2024-03-11T02:17:45.118Z","logger":"ingress","msg":"upstream timed out (110: Operation timed out)","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}
C:\Program Files\Acme\svc.exe exited with 0xC0000005; HRESULT 0x80070005
ORA-01555: snapshot too old; SQLSTATE[40001]; ERROR 1213 (40001): Deadlock found when trying to get lock
max_connections = 100 -> 400; net.ipv4.tcp_tw_reuse=1; JAVA_OPTS="-Xmx4g -XX:+UseG1GC"
user jane.doe+oncall@example.org, ticket OPS-20417, PR #1184, commit 9fceb02d0ae598e95dc970b74767f19372d61af8
Überlastung des Zürcher Servers, naïve retry, Größe 12 µs, 東京リージョン
"""  # noqa: E501


@pytest.fixture
def told() -> Incident:
    """One incident with all of it."""
    incident = make_incident("Payments down", summary="Payments failed.", analysis=MARKDOWN, impact=TRACE, recovery=LOG)
    refresh_incident(incident)
    return incident


@pytest.mark.parametrize(
    "text",
    [
        "payments-api",
        "v2.14.0-rc.3",
        "2.14.0",
        "CI job 88213",
        "https://ci.example.org/job/88213?x=1&y=2#L40",
        "pay-db-03.prod.example.net",
        "pay-db-03",
        "| `pay-db-03.prod.example.net` | 4,512ms | degraded",
        "4,512ms",
        "4512ms",
        "degraded badly",
        "2001:db8:0:1::17",
        "kubectl -n payments get pods --field-selector=status.phase!=Running",
        "payments-api-7d9f8b6c5-xk2lp",
        "7d9f8b6c5",
        "CrashLoopBackOff",
        "crashloopbackoff",
        "5xx",
        "37%",
        "com.zaxxer.hikari.pool.HikariPool$PoolInitializationException",
        "HikariPool",
        "PoolInitializationException: Failed to initialize pool",
        "FATAL: remaining connection slots are reserved",
        "LedgerRepository.java:187",
        "LedgerRepository.java",
        "LedgerRepository",
        "at com.example.payments.ledger.LedgerRepository$$Lambda$999/0x00000008.apply(LedgerRepository.java:187)",
        "CglibAopProxy$DynamicAdvisedInterceptor.intercept",
        "Result::unwrap()",
        "Os { code: 24, kind: Uncategorized, message: \"Too many open files\" }",
        "src/pool.rs:88:14",
        "too many open files",
        "nil pointer dereference",
        "SIGSEGV",
        "main.(*Server).handleConn",
        "0x4a7f3c",
        '{"level":"error","logger":"ingress","msg":"upstream timed out (110: Operation timed out)"}',
        '"msg":"upstream timed out (110: Operation timed out)"',
        "2024-03-11T02:17:45.118Z",
        "2024-03-11 02:17:45",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "C:\\Program Files\\Acme\\svc.exe",
        "0xC0000005",
        "0xc0000005",
        "ORA-01555",
        "SQLSTATE[40001]",
        "ERROR 1213 (40001): Deadlock found when trying to get lock; try restarting transaction",
        "max_connections",
        "max connections",
        "net.ipv4.tcp_tw_reuse",
        "tcp_tw_reuse=1",
        "-XX:+UseG1GC",
        "JAVA_OPTS Xmx4g",
        "UseG1GC",
        "jane.doe",
        "OPS-20417",
        "#1184",
        "PR 1184",
        "9fceb02d0ae598e95dc970b74767f19372d61af8",
        "9fceb02",
        "uberlastung zurcher",
        "Größe",
        "naive retry",
        "12 µs",
        "東京リージョン",
        "東京",
    ],
)  # fmt: skip
def test_it_is_found_as_it_is_copied(told: Incident, text: str) -> None:
    assert search.search(text, NOBODY).ids[:1] == [told.pk]

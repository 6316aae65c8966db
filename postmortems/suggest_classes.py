"""Classes of words that phrases may name in angle brackets, as in `<lack> monitoring`."""

from __future__ import annotations

from .search_tokens import stem

_WORDS = {
    "fail": """
        fail failed failing failure failures broke broken break crash crashed down outage unavailable
        unresponsive error errors malfunction died dead stop stopped hang hung stuck inoperable
    """,
    "cause": """
        cause caused causing trigger triggered lead led result resulted introduce introduced due because
        culprit blame stem bring brought provoke produce
    """,
    "change": "change changed update updated modification modified edit edited tweak adjustment",
    "deploy": """
        deploy deployed deployment deploying release released rollout roll rolled push pushed ship shipped
        launch build
    """,
    "config": """
        config configs configuration configurations setting settings parameter option options configure
        configured
    """,
    "lack": """
        no not lack lacked lacking missing without insufficient inadequate absent absence never poor none
        neither nobody incomplete limited unable nor nothing
    """,
    "wrong": """
        wrong wrongly incorrect incorrectly bad invalid erroneous erroneously faulty improper improperly
        mistaken mis
    """,
    "accident": """
        accident accidental accidentally inadvertent inadvertently mistakenly unintentionally unintended
        mistake erroneously unwittingly unknowingly
    """,
    "add": """
        add added adding implement implemented improve improved improving introduce create creating build
        building better more additional new enhance enhanced enhancing expand strengthen review
    """,
    "server": """
        server servers host hosts machine machines node nodes instance instances box boxes vm vms container
        pod pods system systems hypervisor
    """,
    "db": """
        database databases db mysql postgres postgresql mongodb mongo cassandra sql mariadb dynamodb rds
        clickhouse elasticsearch datastore innodb
    """,
    "user": "user users customer customers client clients subscriber public",
    "person": """
        engineer engineers operator operators employee employees staff administrator admin team technician
        developer developers someone sysadmin person human contractor
    """,
    "bug": "bug bugs defect flaw fault regression",
    "code": "code software application app program release build version logic",
    "provider": "provider vendor supplier third-party carrier isp saas telco",
    "cloud": """
        aws amazon gcp azure google cloudflare heroku fastly s3 ec2 ebs rds dynamodb digitalocean rackspace
        linode akamai twilio stripe github level3 dyn equinix
    """,
    "software": """
        kernel linux mysql postgres postgresql mariadb oracle mssql redis mongodb cassandra elasticsearch
        kafka consul etcd rabbitmq nginx haproxy apache varnish memcached docker containerd runc kubernetes
        kubelet java jvm openssl glibc systemd rails ruby python php node nodejs envoy windows ubuntu debian
        cisco juniper zookeeper hadoop hdfs ceph zfs xen kvm vmware vsphere hypervisor pacemaker drbd
        jenkins puppet chef terraform spark solr vitess tomcat golang vault nomad
    """,
    "monitor": "monitor monitors monitoring alert alerts alerting alarm alarms observability",
    "load": "load traffic demand request requests usage volume",
    "overload": """
        overload overloaded overwhelm overwhelmed overwhelming saturate saturated swamp swamped exhaust
        exhausted topple
    """,
    "long": """
        long longer hour hours day days week weeks slow slowly slower prolonged extended lengthy minutes
        delay delayed time-consuming
    """,
    "delete": """
        delete deleted deleting deletion drop dropped wipe wiped remove removed removing removal erase
        erased destroy destroyed purge purged truncate truncated terminate terminated lost
    """,
    "network": """
        network networks link links connectivity switch switches router routers fiber fibre cable backbone
        interconnect
    """,
    "restart": "restart restarted restarting reboot rebooted reload reloaded reloading relaunch bounce",
    "recover": """
        recover recovered recovery recovering restore restored restoring restoration rebuild rebuilding
        resync resynchronize
    """,
    "retry": "retry retries retried retrying reconnect reconnecting reconnection reconnected re-request resend",
    "all": "all every entire entirely whole everywhere globally global worldwide fleet simultaneously once",
    "grow": "grow grew growth growing increase increased rise rose surge surged spike spiked jump",
    "test": "test tests testing tested qa staging ci canary rehearsal simulation drill",
}
CLASSES = {name: frozenset(stem(word) for word in words.split()) for name, words in _WORDS.items()}

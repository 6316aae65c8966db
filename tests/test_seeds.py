"""What the five writeups say is there, fact by fact: tick them off beside the sources.

Each row is (where on the postmortem, the words that state the fact). `where` is a section, "timeline",
"actionables", "links" or "source". Times, causes and statuses are in test_seed_links.
"""

from __future__ import annotations

import re

import pytest

from postmortems.models import SECTIONS, Incident

pytestmark = pytest.mark.usefixtures("five")

SWIFT = [
    ("summary", "declared as ensure => latest"),
    ("summary", "a known bug in Swift, which stores media"),
    ("summary", "lost its syslog socket and hung in a busy loop"),
    ("summary", "From Swift the trouble reached the imagescalers"),
    ("impact", "From about 18:55 UTC the imagescalers"),
    ("impact", "the rendering cluster"),
    ("impact", "LVS raised a CRITICAL alert for rendering"),
    ("impact", "both pmtpa and eqiad"),
    ("impact", "the LVS alert for ms-fe turned CRITICAL too"),
    ("impact", "errors of every kind"),
    ("impact", "system load stayed higher"),
    ("analysis", "two things that together were the root cause"),
    ("analysis", "A sendto() on the lost syslog socket fails with ENOTCONN"),
    ("analysis", "raises an exception and tries to log it"),
    ("analysis", "An strace shows the loop"),
    ("analysis", "Ori had pasted one, and the author read it in the backlog"),
    ("analysis", "The base module of Puppet had the rsyslog package at ensure => latest"),
    ("analysis", "puppet.log and dpkg.log"),
    ("analysis", "all boxes within its window of 30 minutes"),
    ("analysis", "post-install script (postinst) then restarted the daemon"),
    ("analysis", "became overloaded"),
    ("analysis", "took the imagescaler cluster along"),
    ("analysis", "LP:1094230"),
    ("analysis", "OpenStack review 24871, had been abandoned"),
    ("analysis", "INC-2"),
    ("analysis", "INC-3"),
    ("recovery", "recovered at about 19:40 UTC"),
    ("recovery", "puts a question mark to that"),
    ("recovery", "The load stayed raised"),
    ("recovery", "At about 01:00 UTC"),
    ("recovery", "restarted the front and back daemons of Swift"),
    ("contradictions", "the evil (3) behavior"),
    ("contradictions", '"(1)" was still to be looked at'),
    ("contradictions", "that is a reading, not a statement"),
    ("source", "Neither its name nor its address is known"),
    ("source", 'The reference "(3)" in the text has nothing that it refers to'),
    ("links", "https://gerrit.wikimedia.org/r/99576"),
    ("links", "Gerrit 99576"),
    ("links", "https://review.openstack.org/#/c/24871"),
    ("links", "abandoned for inactivity"),
    ("links", "LP:1094230"),
    ("actionables", "ACT-1 Stop upgrading rsyslog automatically"),
    ("actionables", "At the least until Swift's bug has been mended"),
    ("actionables", "rsyslog is no longer upgraded by itself"),
    ("actionables", "whether a newer upstream version has it fixed"),
    ("actionables", "upstream was unlikely to solve it"),
    ("actionables", "ACT-3 Let Swift send its syslog messages over UDP"),
    ("actionables", "ACT-4 Restart Swift from an upstart hook whenever syslog restarts"),
    ("actionables", "were moved to trusty"),
    ("actionables", "does not seem to be affected"),
]

BITBUCKET = [
    ("summary", "At 04:05 on 5 January 2012"),
    ("summary", "rsyslogd stopped instead of reloading, and nothing started it again"),
    ("summary", "Bitbucket became unresponsive"),
    ("impact", "Every application that logged over TCP to the central rsyslog was blocked"),
    ("impact", "Bitbucket's own applications and nearly all other parts of its stack"),
    ("impact", "How long this lasted is not stated"),
    ("analysis", "the logrotate script of cron.daily"),
    ("analysis", "should make rsyslogd reload gracefully"),
    ("analysis", "as a rule rsyslogd then comes up properly"),
    ("analysis", "The version was 4.6.2, as shipped with RHEL 6.2"),
    ("analysis", "suspected a known bug of rsyslog whose fix had not yet been packaged for RHEL"),
    ("analysis", "$ModLoad imudp.so $UDPServerRun 514"),
    ("analysis", "$ModLoad imtcp.so $InputTCPServerRun 514"),
    ("analysis", "Two @ signs before the host mean TCP, a single one means UDP"),
    ("analysis", "*.* @@syslog.private.bitbucket.org"),
    ("analysis", "for more than a year, since the move to another data centre"),
    ("analysis", "nobody had noticed it"),
    ("analysis", "Nginx logs among it"),
    ("analysis", "a larger stream of logs together made matters much worse"),
    ("analysis", "INC-1"),
    ("timeline", "-rw------- 1 root root 101714 Jan 5 04:05 messages-20120105.gz"),
    ("timeline", "-rw------- 1 root root 5012515 Jan 5 15:11 messages"),
    ("timeline", 'Jan 5 04:05:04 bitbucket04 rsyslogd: [origin software="rsyslogd" swVersion="4.6.2"'),
    ("timeline", 'x-pid="1905" x-info="http://www.rsyslog.com"] rsyslogd was HUPed, type \'restart\'.'),
    ("timeline", "Jan 5 04:05:04 bitbucket04 kernel: Kernel logging (proc) stopped."),
    ("actionables", "ACT-5 Disable rsyslog's HUPIsRestart option"),
    ("actionables", "ACT-6 Let Monit check rsyslog and start it again"),
    ("actionables", "a crash included"),
    ("actionables", "ACT-7 Send syslog over UDP instead of TCP"),
    ("source", "Follow Up On Our Downtime Last Week"),
    ("source", "https://blog.bitbucket.org/2012/01/12/follow-up-on-our-downtime-last-week/"),
    ("source", "their zone is not stated"),
    ("source", "The 15:11 in its listing is the time of a file, not an event"),
]

LABS = [
    ("summary", "Around 22:30 on 12 August 2015 several Nova services of OpenStack began to flap"),
    ("summary", "Restarting rabbitmq-server on labcontrol1001 ended it"),
    ("summary", "by 23:30 every service was back"),
    ("summary", "The cause is unclear"),
    ("impact", "Puppet runs failed intermittently"),
    ("impact", "ssh failed, also to the Labs bastion"),
    ("impact", "The network of the instances was down in general"),
    ("analysis", "One failure would explain every symptom: that of the service nova-network"),
    ("analysis", "so did the route to the metadata service"),
    ("analysis", "some minutes until it works, and it often crashed or timed out"),
    ("analysis", "the floating IPs of Labs were presumably routed straight to labnet1001"),
    ("analysis", "confirmed that the host key seen during the outage belongs to labnet1001"),
    ("analysis", "a production machine, which compared it with production accounts and keys"),
    ("analysis", "salt 'labvirt*' cmd.run 'puppet agent -tv'"),
    ("analysis", "the order in which the Nova services restarted"),
    ("analysis", "the content of the patch was not to blame, as the trouble went on after the revert"),
    ("analysis", "Too many services restarted at the same moment. A race or a flood followed, and RabbitMQ misbehaved"),
    ("analysis", "RabbitMQ failed for a reason of its own, and the timing was a coincidence"),
    ("analysis", "INC-1"),
    ("timeline", "22:00 Chase and Andrew Bogott have read much code and talked it over"),
    ("timeline", "hold Nova's setting network_host to be obsolete and unused"),
    ("timeline", "Andrew merges Gerrit 231177"),
    ("timeline", "he forces Puppet on labnet1001 and labvirt1009, and nothing seems to"),
    ("timeline", "22:05 Andrew uses salt to force Puppet on all labvirt nodes. No harm is visible"),
    ("timeline", "22:30 Shinken sends many alerts about stale Puppet runs in Labs"),
    ("timeline", "instances that cannot load their facts"),
    ("timeline", "many that get no answer from the Nova metadata service"),
    ("timeline", "Icinga reports nova-compute services as down, and Andrew restarts them"),
    ("timeline", "22:55 Andrew reverts the change with Gerrit 231189"),
    ("timeline", "Nobody can say how it would have led to this, but reverting looks like the safe course"),
    ("timeline", "23:00 The worst symptom for users shows: nobody can ssh to the Labs bastion"),
    ("timeline", "ssh warns of a changed host key"),
    ("timeline", "their own key is rejected"),
    ("timeline", "23:10 Icinga alerts about nova-compute once more, and Andrew restarts it once more"),
    ("timeline", "2015-08-12 22:44:42.125 55787 TRACE nova.openstack.common.periodic_task"),
    ("timeline", '/usr/lib/python2.7/dist-packages/oslo/messaging/_drivers/amqpdriver.py", line 412, in send'),
    ("timeline", "line 403, in _send"),
    ("timeline", "line 267, in wait"),
    ("timeline", "line 217, in _poll_connection"),
    ("timeline", "MessagingTimeout: Timed out waiting for a reply to message ID b7e615f4909144e480f34f78d1dce791"),
    ("timeline", "a complaint about reaching nova-conductor, which he restarts too"),
    ("timeline", "23:15 Restarted services look well at first and fail again some minutes later"),
    ("timeline", "nova-network on labnet1001"),
    ("timeline", "23:23 Andrew restarts rabbitmq-server on labcontrol1001 on purpose"),
    ("timeline", "This time they come up and remain up"),
    ("timeline", "23:25 Access is normal. The Labs bastions answer with the host key they had before"),
    ("timeline", "15:16 Andrew adds an update: Gerrit 231177 has been merged again, without incident"),
    ("contradictions", "The summary puts the start at about 22:30. The timeline begins at 22:00"),
    ("contradictions", "forced on all labvirt hosts at 22:05"),
    ("contradictions", "The trace stands in the row of 23:10, but its lines are stamped 22:44:42"),
    ("contradictions", "Access was normal at 23:25"),
    ("went_well", "Monitoring served the team fairly well"),
    ("went_wrong", "Nothing watched RabbitMQ explicitly"),
    ("actionables", "ACT-8 Upgrade the whole OpenStack infrastructure"),
    ("actionables", "ACT-9 Roll changes out gradually instead of forcing Puppet on every host"),
    ("actionables", "be watchful whenever services restart"),
    ("actionables", "ACT-10 Monitor RabbitMQ explicitly"),
    ("actionables", "ACT-11 Deploy Gerrit 231177 again"),
    ("actionables", "Merged without incident, noted on 14 August 2015"),
    ("links", "https://gerrit.wikimedia.org/r/#/c/231177/"),
    ("links", "https://gerrit.wikimedia.org/r/#/c/231189/"),
    ("source", "Incidents/20150812-LabsOutage"),
    ("source", "https://wikitech.wikimedia.org/wiki/Incidents/20150812-LabsOutage"),
    ("source", "Only the signature of the later update says UTC"),
]

PARSOID = [
    ("summary", "the configuration (really compiled code) and the code, and neither worked without the other"),
    ("summary", "a short downtime was planned"),
    ("summary", "Operations had not been told and monitoring had not been silenced"),
    ("summary", "from 23:46 UTC on 18 April 2013 to 00:20 UTC on 19 April"),
    ("summary", "The real downtime was much shorter"),
    ("impact", "down for a few minutes between the two deployments"),
    ("impact", "phones rang around the office"),
    ("impact", "served them, thanks to the depool limit of pybal"),
    ("impact", "Some Parsoid back ends were still down at the end. That was expected"),
    ("impact", "acknowledged them in Nagios"),
    ("analysis", "Configuration and code live in separate repositories"),
    ("analysis", "git-deploy ends every deployment with a restart of the service"),
    ("analysis", "the parts did not match, and Parsoid could not start"),
    ("analysis", "one box could be restarted and tested before the others"),
    ("analysis", "Roan had asked to get Parsoid pages, yet his phone was silent"),
    ("analysis", "a clean way to tell those who get every page from those who get Parsoid pages only (RT 4318)"),
    ("analysis", "Watchmouse did page Roan, five minutes later, so that route worked"),
    ("analysis", "Monitoring had moved to Icinga not long before"),
    ("analysis", "once a crossed-out megaphone, was a plain red X there, the same icon as for six other actions"),
    ("analysis", "Leslie came and showed him the place"),
    ("analysis", "he got a permission error"),
    ("analysis", "Leslie corrected that with Gerrit 59976"),
    ("analysis", "never closed the connection of a request for /, the root"),
    ("analysis", "The health checks of pybal and Icinga"),
    ("analysis", "timed out after 5 s"),
    ("analysis", "/en/Main_Page for example, and those requests worked"),
    ("recovery", "sent the request by hand on the box itself and ran tcpdump there"),
    ("recovery", "Gabriel remembered a recent change to do with Connection: Close"),
    ("recovery", "Icinga and pybal showed everything as up at once"),
    ("timeline", "23:46 Icinga shows the Parsoid LVS services as down"),
    ("timeline", "Watchmouse pages Roan, 5 minutes after the fact"),
    ("timeline", "On IRC Roan is told that monitoring ought to have been silenced"),
    ("timeline", "00:20 With the fix deployed"),
    ("timeline", "21:33 A note corrects who was paged"),
    ("contradictions", "true downtime was much shorter"),
    ("contradictions", "A note of 19 April 2013, 21:33 UTC, says that not all of operations were"),
    ("contradictions", "Watchmouse paged Roan alone and sent mail to the others"),
    ("contradictions", "not yet been added to Icinga's paging"),
    ("actionables", "ACT-12 Let git-deploy deploy without restarting the service"),
    ("actionables", "Reported by Roan as bug 47393"),
    ("actionables", "ACT-13 Give Roan the permission to silence checks in Icinga"),
    ("actionables", "ACT-14 Close the connection after a request for the root"),
    ("actionables", "ACT-15 Send Parsoid pages to those who want only these"),
    ("actionables", "He has not found one yet"),
    ("links", "https://rt.wikimedia.org/Ticket/Display.html?id=4318"),
    ("links", "https://gerrit.wikimedia.org/r/#/c/59976/"),
    ("links", "https://bugzilla.wikimedia.org/show_bug.cgi?id=47393"),
    ("source", "https://wikitech.wikimedia.org/wiki/Incidents/20130419-Parsoid"),
    ("source", "a mail from Roan to the Ops mailing list"),
    ("source", "the start is unknown"),
]

FALLOUT = [
    ("summary", "migrated to Rain went over the memory limit of their cgroup"),
    ("summary", "each became a zombie that kept its port, and only a reboot of the physical node cleared it"),
    ("summary", "QPS appeared and disappeared as if at random"),
    ("impact", "The graph in inGraph showed QPS"),
    ("impact", "one after another until none was left to take traffic"),
    ("analysis", 'an earlier incident ("the prior GCN"), told in the post of the week before'),
    ("analysis", "Mistaken Assumptions"),
    ("analysis", 'the "new" nodes began to take traffic and then to die'),
    ("analysis", "a serious bug in the kernel's oom-killer for cgroups"),
    ("analysis", "cgroup memory limit close to the maximum size of its service's heap"),
    ("analysis", "The service exceeds the limit"),
    ("analysis", "The oom-killer steps in and tries to kill the service"),
    ("analysis", "a pathological livelock"),
    ("analysis", "it is a zombie; its parent is PID 1 (init); it holds on to the port on which it was listening"),
    ("analysis", "init is supposed to reap the zombies that are handed to it, and the livelock prevents that"),
    ("analysis", "instances of a service that uses ASP tags are deleted, they do not stay deleted"),
    ("analysis", "Every new deploy starts the misconfigured nodes again"),
    ("analysis", "a whole service down at once: easy to recognise, and fairly simple to recover from"),
    ("analysis", "one at a time, are much harder to notice"),
    ("recovery", "a reboot of the actual machine"),
    ("recovery", "The bug is called tricky, and people are working on it"),
    ("actionables", "ACT-16 Get rid of the kernel livelock"),
    ("source", "https://thingly.net/igotw/fallout"),
    ("source", "inGraph of the week"),
    ("source", "It quotes a mail of its author, who is addressed as Cliff"),
    ("source", "no date and no clock time"),
    ("source", 'whatever stood after "as described by:"'),
]

SEEDS = {1: SWIFT, 2: BITBUCKET, 3: LABS, 4: PARSOID, 5: FALLOUT}
FACTS = [(number, where, fact) for number, facts in SEEDS.items() for where, fact in facts]


def reads(text: str) -> str:
    """Markdown as it reads: without marks and link targets, on one line."""
    shown = re.sub(r"\[([^\]]+)\]\(\S+\)", r"\1", text)
    return " ".join(shown.replace("`", "").replace("**", "").split())


def part(incident: Incident, where: str) -> str:
    """One part of a postmortem, all its words."""
    if where in dict(SECTIONS):
        return getattr(incident, where)
    if where == "source":
        return f"{incident.source_title} {incident.source_url} {incident.source_note}"
    if where == "timeline":
        return " ".join(f"{row.when.text(date=False)} {row.text} {row.excerpt}" for row in incident.timeline.all())
    if where == "links":
        return " ".join(f"{link.label} {link.url} {link.note}" for link in incident.links.all())
    rows = incident.actionables.all()
    return " ".join(f"{row} {row.description} {row.outcome} {row.ticket_url} {row.ticket_label}" for row in rows)


@pytest.mark.parametrize(("number", "where", "fact"), FACTS)
def test_fact(number: int, where: str, fact: str) -> None:
    assert fact in reads(part(Incident.objects.get(number=number), where))


def test_every_fact_is_asked_once() -> None:
    assert len(FACTS) == len(set(FACTS))
    assert len(FACTS) >= 150

/* The sessions of a finding, as a rule of members.h: those of its cohort that have its pattern. */
#ifndef LODE_JOBS_OPPORTUNITIES_FINDINGS_FINDING_MEMBERS_H
#define LODE_JOBS_OPPORTUNITIES_FINDINGS_FINDING_MEMBERS_H

#include "jobs/opportunities/findings/findings.h"
#include "jobs/opportunities/members.h"

/* Without its pattern: the sessions that a pattern is compared within. */
LODE_CHECKED lode_status finding_scope(const struct finding_sources *sources,
                                       const struct finding *finding, struct lode_arena *arena,
                                       struct member_rule *rule);
LODE_CHECKED lode_status finding_members(const struct finding_sources *sources,
                                         const struct finding *finding, struct lode_arena *arena,
                                         struct member_rule *rule);

#endif

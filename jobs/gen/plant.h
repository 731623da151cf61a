/* Plant: which opportunities the generator hides in its data, and how strong they are.
 *
 * Two kinds. A *behaviour* is a row of events that is put into a share of a KPI's faulty sessions
 * and into a smaller share of the others, perhaps only inside one cohort. A *cohort* has a KPI that
 * is worse by a factor. The numbers are what an analysis must find; truth.json repeats them.
 */
#ifndef LODE_JOBS_GEN_PLANT_H
#define LODE_JOBS_GEN_PLANT_H

#include "common/memory.h"
#include "jobs/gen/gen.h"

#include <stdbool.h>
#include <stdint.h>

enum plant_kpi { PLANT_PAYMENT_FAILED, PLANT_CRASH, PLANT_ERROR, PLANT_DURATION, PLANT_KPIS };
enum {
    PLANT_BEHAVIOURS = 3,
    PLANT_COHORTS = 6,
    PLANT_THINGS = PLANT_BEHAVIOURS + PLANT_COHORTS, /* bits of a set: behaviours, then cohorts */
    PLANT_EVENTS_MAX = 3
};
/* Sets of them. A user's first session tells little where most have ten: the example of returning
 * users (see plant_cohorts) takes users that seldom return. */
#define PLANT_ALL ((UINT32_C(1) << PLANT_THINGS) - 1)
#define PLANT_RETURNING_ON_OS (UINT32_C(1) << (PLANT_BEHAVIOURS + 4))
#define PLANT_USUAL (PLANT_ALL - PLANT_RETURNING_ON_OS)

/* What is known of a session before its KPIs are drawn. */
struct plant_session {
    const char *device, *os_version, *country, *app_version;
    int64_t index;  /* 1 for the user's first */
    bool after_gap; /* more than 30 days since the one before */
    double age;     /* where it starts in the set's time: 0 at its begin, 1 at its end */
};

struct plant_cohort {
    const char *kind;
    const char *attribute, *value; /* "lifecycle": values as in table cohorts */
    const char *with, *with_value; /* and this attribute too; NULL: no other */
    enum plant_kpi kpi;
    bool rises;    /* from 1 to the factor, steadily over the set's time */
    double factor; /* of the KPI's rate (mean, where it is numeric) */
};

struct plant_behaviour {
    const char *kind;
    enum plant_kpi kpi;
    const char *attribute,
        *value; /* inside this cohort only; elsewhere the share is share_normal */
    int n_events;
    const char *events[PLANT_EVENTS_MAX];
    double share_faulty, share_normal; /* of the KPI's faulty and other sessions that get it */
};

extern const struct plant_behaviour plant_behaviours[PLANT_BEHAVIOURS];
extern const struct plant_cohort plant_cohorts[PLANT_COHORTS];

/* Column name: "kpi_payment_failed", "kpi_crash", "kpi_error", "kpi_duration_s". */
const char *plant_kpi_name(enum plant_kpi kpi);

/* Reads "all", "usual", "none", "paper" (the two motivating examples of its section 2) or a list of
 * these and kinds into a set of bits. LODE_E_USAGE names what is unknown, and the nearest. */
LODE_CHECKED lode_status plant_read(const char *list, uint32_t *planted);

/* Product of the factors of all planted cohorts that the session is in. */
double plant_factor(uint32_t planted, enum plant_kpi kpi, const struct plant_session *session);
/* The chance that the session, whose KPI is known, gets behaviour [0, PLANT_BEHAVIOURS). */
double plant_share(uint32_t planted, int behaviour, const struct plant_session *session,
                   bool is_faulty);

/* Appends truth.json: options, and an object per planted thing (kind, kpi, expert, cohort,
 * pattern, expected effect); an empty list where nothing is planted. */
LODE_CHECKED lode_status plant_truth(const struct gen_events_options *options,
                                     struct lode_bytes *out);

#endif

/* Alert settings: the parameters by which firings become alerts. */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_ALERT_SETTINGS_H
#define LODE_JOBS_HIERARCHY_ALERTS_ALERT_SETTINGS_H

#include "common/param/param.h"

enum alert_mode {
    ALERTS_OF_RUN, /* whatever this run finds */
    ALERTS_NEW,    /* what no run before has told; kept beside the model */
    ALERTS_OFF
};

struct alert_settings {
    enum alert_mode mode;
    int64_t gap_ms, cooldown_ms;
    int64_t webhook_ms; /* of all deliveries of a run */
    int64_t lasts_ms;   /* from now to the end that a lasting alert is sent with */
    bool has_exit_status;
    const char *state;        /* path of the folder; "": beside the model */
    const char *webhook;      /* URL; "": none */
    const char *webhook_file; /* file with the URL; "": none */
};

/* Texts are borrowed from the parameters. LODE_E_USAGE: names the parameter, and what it may be. */
LODE_CHECKED lode_status alert_settings_read(const struct lode_params *params,
                                             struct alert_settings *settings);

#endif

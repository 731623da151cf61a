/* Forecast: what training or detection would take, from what the store says of itself. */
#ifndef LODE_JOBS_HIERARCHY_FORECAST_H
#define LODE_JOBS_HIERARCHY_FORECAST_H

#include "jobs/job.h"

lode_status hierarchy_forecast(const struct lode_run *run, struct lode_forecast *forecast);

#endif

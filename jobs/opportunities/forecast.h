/* Forecast: what a run of job opportunities will take, from the store's partition table. */
#ifndef LODE_JOBS_OPPORTUNITIES_FORECAST_H
#define LODE_JOBS_OPPORTUNITIES_FORECAST_H

#include "jobs/job.h"

/* lode_job.forecast; reads run->store and run->params alone. */
LODE_CHECKED lode_status opportunities_forecast(const struct lode_run *run,
                                                struct lode_forecast *forecast);

#endif

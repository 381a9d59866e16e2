/* seisview: seismic recordings far larger than memory, as typed zero-copy views.
 * The whole library; each header below is the manual of its room. */
#ifndef SEISVIEW_H
#define SEISVIEW_H

#include "seisview/array.h"
#include "seisview/buffer.h"
#include "seisview/convert.h"
#include "seisview/correlation.h"
#include "seisview/dtype.h"
#include "seisview/edit.h"
#include "seisview/guard.h"
#include "seisview/match.h"
#include "seisview/operation.h"
#include "seisview/plot.h"
#include "seisview/quantiles.h"
#include "seisview/recording.h"
#include "seisview/report.h"
#include "seisview/scan.h"
#include "seisview/status.h"
#include "seisview/summary.h"
#include "seisview/time.h"
#include "seisview/trend.h"
#include "seisview/view.h"

#endif

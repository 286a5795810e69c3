// Groups so narrow that a vector holds the filters of several, as in depthwise
// convolutions and in ResNeXt.
#ifndef COURSE_OPS_NARROW_GROUPS_H_
#define COURSE_OPS_NARROW_GROUPS_H_

#include "conv_geometry.h"

namespace course {

// How groups of `channels` inputs and `filters` outputs share vectors.
struct NarrowGroups {
  int64_t groups, channels, filters;
  int64_t per_vector;  // groups that a vector holds; 0 if it cannot

  // The channels of a vector's groups must lie within one vector as well. To
  // put several of them in place costs as much as the product: it pays from
  // four groups in a vector on.
  NarrowGroups(int64_t groups, int64_t channels, int64_t filters, int lanes)
      : groups(groups), channels(channels), filters(filters) {
    per_vector = filters < 1 || channels > filters ? 0 : lanes / filters;
    if (groups < 2 || per_vector < (channels == 1 ? 2 : 4)) per_vector = 0;
  }

  bool Fit() const { return per_vector > 0; }
  int64_t Vectors() const { return (groups + per_vector - 1) / per_vector; }
  // Groups in a vector: fewer in the last.
  int64_t GroupsIn(int64_t vector) const {
    const int64_t left = groups - vector * per_vector;
    return left < per_vector ? left : per_vector;
  }

  static NarrowGroups Forward(const ConvGeometry& g, int lanes) {
    return NarrowGroups(g.groups, g.GroupChannels(), g.GroupFilters(), lanes);
  }
  // One channel: each of its filters by itself, their sums added up afterwards.
  static NarrowGroups GradInput(const ConvGeometry& g, int lanes) {
    if (g.GroupChannels() > 1) {
      return NarrowGroups(g.groups, g.GroupFilters(), g.GroupChannels(), lanes);
    }
    NarrowGroups each(g.filters, 1, 1, lanes);
    // A vector holds all the filters of its channels.
    if (each.Fit()) {
      each.per_vector = lanes / g.GroupFilters() * g.GroupFilters();
    }
    return each;
  }
};

}  // namespace course

#endif  // COURSE_OPS_NARROW_GROUPS_H_

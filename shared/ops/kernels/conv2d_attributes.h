// The attributes of the three operations, read once and checked.
#ifndef COURSE_OPS_CONV2D_ATTRIBUTES_H_
#define COURSE_OPS_CONV2D_ATTRIBUTES_H_

#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "conv2d.h"
#include "tensorflow/core/framework/tensor_shape.h"
#include "tensorflow/core/platform/errors.h"

namespace course {

struct Conv2DAttributes {
  std::vector<tensorflow::int64> strides;
  std::vector<tensorflow::int64> dilations;
  std::vector<tensorflow::int64> explicit_paddings;
  std::string padding;
  tensorflow::int64 groups = 1;
  std::string implementation;

  // Context is an OpKernelConstruction or a shape_inference::InferenceContext.
  template <typename Context>
  absl::Status Read(Context* context) {
    absl::Status status = context->GetAttr("strides", &strides);
    status.Update(context->GetAttr("dilations", &dilations));
    status.Update(context->GetAttr("padding", &padding));
    status.Update(context->GetAttr("explicit_paddings", &explicit_paddings));
    status.Update(context->GetAttr("groups", &groups));
    status.Update(context->GetAttr("implementation", &implementation));
    status.Update(CheckPair("strides", strides));
    status.Update(CheckPair("dilations", dilations));
    if (!status.ok()) return status;
    if (groups < 1) {
      return tensorflow::errors::InvalidArgument(
          "groups must be at least 1, received ", groups);
    }
    const bool is_explicit = padding == "EXPLICIT";
    if (explicit_paddings.size() != (is_explicit ? 4 : 0)) {
      return tensorflow::errors::InvalidArgument(
          "explicit_paddings must be [top, bottom, left, right] with padding "
          "EXPLICIT and empty otherwise, received [",
          absl::StrJoin(explicit_paddings, ", "), "] with padding ", padding);
    }
    for (tensorflow::int64 pad : explicit_paddings) {
      if (pad < 0 || pad > kLargest) {
        return tensorflow::errors::InvalidArgument(
            "explicit_paddings must lie in [0, ", kLargest, "], received [",
            absl::StrJoin(explicit_paddings, ", "), "]");
      }
    }
    return absl::OkStatus();
  }

  // Fills `axis` for 0 = rows, 1 = columns. Sizes are of the input and kernel.
  absl::Status FillAxis(int which, int64_t in, int64_t kernel,
                        ConvAxis* axis) const {
    const char* name = which == 0 ? "height" : "width";
    axis->in = in;
    axis->kernel = kernel;
    axis->stride = strides[which];
    axis->dilation = dilations[which];
    if (kernel < 1) {
      return tensorflow::errors::InvalidArgument(
          "kernel ", name, " must be at least 1, received ", kernel);
    }
    if (in > kLargest || kernel > kLargest ||
        axis->EffectiveKernel() > kLargest) {
      return tensorflow::errors::InvalidArgument(
          name, " is too large: input ", in, ", kernel ", kernel, ", dilation ",
          axis->dilation, "; the largest is ", kLargest);
    }
    if (padding == "SAME") {
      axis->SetSame();
      return absl::OkStatus();
    }
    const bool is_explicit = padding == "EXPLICIT";
    const int64_t before = is_explicit ? explicit_paddings[2 * which] : 0;
    const int64_t after = is_explicit ? explicit_paddings[2 * which + 1] : 0;
    if (!axis->SetExplicit(before, after)) {
      return tensorflow::errors::InvalidArgument(
          "the kernel's ", name, " ", axis->EffectiveKernel(),
          " (with dilation) exceeds the input's ", name, " ", in,
          " with padding ", before, " + ", after,
          ": use padding SAME or a smaller kernel");
    }
    return absl::OkStatus();
  }

  absl::Status CheckChannels(int64_t channels, int64_t kernel_channels,
                             int64_t filters) const {
    if (kernel_channels < 1 || kernel_channels > kLargest / groups ||
        kernel_channels * groups != channels) {
      return tensorflow::errors::InvalidArgument(
          "the input has ", channels, " channels, but the kernel takes ",
          kernel_channels, " in each of ", groups,
          " groups: they must multiply to the input's");
    }
    if (filters < 1 || filters % groups != 0) {
      return tensorflow::errors::InvalidArgument(
          "the kernel's ", filters,
          " filters must be a positive multiple of groups = ", groups);
    }
    return absl::OkStatus();
  }

  absl::Status MakeGeometry(const tensorflow::TensorShape& input,
                            const tensorflow::TensorShape& kernel,
                            ConvGeometry* geometry) const {
    if (input.dims() != 4) {
      return tensorflow::errors::InvalidArgument(
          "input must be (batch, height, width, channels), received shape ",
          input.DebugString());
    }
    if (kernel.dims() != 4) {
      return tensorflow::errors::InvalidArgument(
          "kernel must be (height, width, channels / groups, filters), "
          "received shape ",
          kernel.DebugString());
    }
    geometry->batch = input.dim_size(0);
    geometry->channels = input.dim_size(3);
    geometry->filters = kernel.dim_size(3);
    geometry->groups = groups;
    absl::Status status = CheckChannels(geometry->channels, kernel.dim_size(2),
                                        geometry->filters);
    if (!status.ok()) return status;
    status =
        FillAxis(0, input.dim_size(1), kernel.dim_size(0), &geometry->rows);
    status.Update(
        FillAxis(1, input.dim_size(2), kernel.dim_size(1), &geometry->cols));
    return status;
  }

  Implementation How() const {
    if (implementation == "naive") return Implementation::kNaive;
    if (implementation == "im2col") return Implementation::kIm2col;
    if (implementation == "direct") return Implementation::kDirect;
    if (implementation == "winograd") return Implementation::kWinograd;
    if (implementation == "winograd2x2") return Implementation::kWinograd2x2;
    if (implementation == "winograd4x4") return Implementation::kWinograd4x4;
    return Implementation::kAuto;
  }

 private:
  // Sizes are kept below this so that sums and products of two fit in 64 bits.
  static constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();

  static absl::Status CheckPair(const char* name,
                                const std::vector<tensorflow::int64>& pair) {
    if (pair.size() == 2 && pair[0] >= 1 && pair[1] >= 1 &&
        pair[0] <= kLargest && pair[1] <= kLargest) {
      return absl::OkStatus();
    }
    return tensorflow::errors::InvalidArgument(
        name, " must be two integers of at least 1 (height, width), received [",
        absl::StrJoin(pair, ", "), "]");
  }
};

}  // namespace course

#endif  // COURSE_OPS_CONV2D_ATTRIBUTES_H_

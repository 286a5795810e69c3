// TensorFlow glue: the three operations, their shapes and their checks.
//
// Nothing is computed here. A kernel validates, allocates and hands plain
// pointers to the functors of conv2d.h.
#include <stdlib.h>

#include <vector>

#include "conv2d.h"
#include "conv2d_attributes.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"
#include "tensorflow_runtime.h"

namespace course {
namespace {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::InvalidArgument;
using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

absl::Status OutputAxis(InferenceContext* c, const Conv2DAttributes& attributes,
                        int which, DimensionHandle in, DimensionHandle kernel,
                        DimensionHandle* out) {
  *out = c->UnknownDim();
  const bool kernel_matters = attributes.padding != "SAME";
  if (!c->ValueKnown(in) || (kernel_matters && !c->ValueKnown(kernel))) {
    return absl::OkStatus();
  }
  ConvAxis axis;
  absl::Status status = attributes.FillAxis(
      which, c->Value(in), c->ValueKnown(kernel) ? c->Value(kernel) : 1, &axis);
  if (status.ok()) *out = c->MakeDim(axis.out);
  return status;
}

absl::Status ForwardShape(InferenceContext* c) {
  Conv2DAttributes attributes;
  TF_RETURN_IF_ERROR(attributes.Read(c));
  ShapeHandle input, kernel;
  TF_RETURN_IF_ERROR(c->WithRank(c->input(0), 4, &input));
  TF_RETURN_IF_ERROR(c->WithRank(c->input(1), 4, &kernel));
  const DimensionHandle channels = c->Dim(input, 3);
  const DimensionHandle kernel_channels = c->Dim(kernel, 2);
  const DimensionHandle filters = c->Dim(kernel, 3);
  if (c->ValueKnown(channels) && c->ValueKnown(kernel_channels) &&
      c->ValueKnown(filters)) {
    TF_RETURN_IF_ERROR(attributes.CheckChannels(
        c->Value(channels), c->Value(kernel_channels), c->Value(filters)));
  }
  DimensionHandle height, width;
  TF_RETURN_IF_ERROR(OutputAxis(c, attributes, 0, c->Dim(input, 1),
                                c->Dim(kernel, 0), &height));
  TF_RETURN_IF_ERROR(OutputAxis(c, attributes, 1, c->Dim(input, 2),
                                c->Dim(kernel, 1), &width));
  c->set_output(0, c->MakeShape({c->Dim(input, 0), height, width, filters}));
  return absl::OkStatus();
}

// The gradients have the shape that their sizes input spells out.
template <int sizes_input>
absl::Status GradientShape(InferenceContext* c) {
  Conv2DAttributes attributes;
  TF_RETURN_IF_ERROR(attributes.Read(c));
  ShapeHandle shape;
  TF_RETURN_IF_ERROR(c->MakeShapeFromShapeTensor(sizes_input, &shape));
  TF_RETURN_IF_ERROR(c->WithRank(shape, 4, &shape));
  c->set_output(0, shape);
  return absl::OkStatus();
}

#define COURSE_ATTRIBUTES                                                    \
  Attr("T: {float, double}")                                                 \
      .Attr("strides: list(int)")                                            \
      .Attr("padding: {'VALID', 'SAME', 'EXPLICIT'}")                        \
      .Attr("explicit_paddings: list(int) = []")                             \
      .Attr("dilations: list(int) = [1, 1]")                                 \
      .Attr("groups: int = 1")                                               \
      .Attr(                                                                 \
          "implementation: {'auto', 'naive', 'im2col', 'direct', 'winograd'" \
          ", 'winograd2x2', 'winograd4x4'} = 'auto'")

REGISTER_OP("CourseConv2D")
    .Input("input: T")
    .Input("kernel: T")
    .Output("output: T")
    .COURSE_ATTRIBUTES.SetShapeFn(ForwardShape);

REGISTER_OP("CourseConv2DGradInput")
    .Input("input_sizes: int32")
    .Input("kernel: T")
    .Input("d_output: T")
    .Output("d_input: T")
    .COURSE_ATTRIBUTES.SetShapeFn(GradientShape<0>);

REGISTER_OP("CourseConv2DGradKernel")
    .Input("input: T")
    .Input("kernel_sizes: int32")
    .Input("d_output: T")
    .Output("d_kernel: T")
    .COURSE_ATTRIBUTES.SetShapeFn(GradientShape<1>);

#undef COURSE_ATTRIBUTES

absl::Status ToStatus(Outcome outcome, const Conv2DAttributes& attributes,
                      const ConvGeometry& g) {
  switch (outcome) {
    case Outcome::kDone:
      return absl::OkStatus();
    case Outcome::kOutOfMemory:
      return tensorflow::errors::ResourceExhausted(
          "no memory for the scratch of implementation '",
          attributes.implementation, "'");
    case Outcome::kUnsupported:
      return InvalidArgument(
          "implementation '", attributes.implementation, "' cannot do kernel ",
          g.rows.kernel, "x", g.cols.kernel, ", strides ", g.rows.stride, "x",
          g.cols.stride, ", dilations ", g.rows.dilation, "x", g.cols.dilation,
          ", groups ", g.groups, " on this device: use 'auto'");
    case Outcome::kLaunchFailed:
      break;
  }
  return tensorflow::errors::Internal("the CUDA kernel could not be launched");
}

absl::Status ReadSizes(const Tensor& sizes, const char* name,
                       TensorShape* shape) {
  if (!tensorflow::TensorShapeUtils::IsVector(sizes.shape()) ||
      sizes.NumElements() != 4) {
    return InvalidArgument(name, " must hold four sizes, received shape ",
                           sizes.shape().DebugString());
  }
  return tensorflow::TensorShapeUtils::MakeShape(sizes.vec<int32_t>(), shape);
}

// The part the three kernels share: attributes, geometry, output, outcome.
template <typename Device, typename T>
class Conv2DKernel : public OpKernel {
 public:
  explicit Conv2DKernel(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, attributes_.Read(context));
  }

 protected:
  absl::Status CheckOutput(const ConvGeometry& g, const Tensor& d_output) {
    // Compared one by one: a TensorShape of absurd sizes would abort.
    const int64_t expected[] = {g.batch, g.rows.out, g.cols.out, g.filters};
    bool same = d_output.dims() == 4;
    for (int i = 0; same && i < 4; ++i) {
      same = d_output.dim_size(i) == expected[i];
    }
    if (same) return absl::OkStatus();
    return InvalidArgument("d_output must have the convolution's shape [",
                           absl::StrJoin(expected, ","), "], received ",
                           d_output.shape().DebugString());
  }

  template <typename Functor>
  void Run(OpKernelContext* context, const ConvGeometry& g, const Tensor& a,
           const Tensor& b, Tensor* result, Functor functor) {
    if (result->NumElements() == 0) return;
    TensorFlowRuntime<Device> runtime(context);
    const Outcome outcome =
        functor(runtime.Context(), g, attributes_.How(), a.flat<T>().data(),
                b.flat<T>().data(), result->flat<T>().data());
    OP_REQUIRES_OK(context, ToStatus(outcome, attributes_, g));
  }

  Conv2DAttributes attributes_;
};

template <typename Device, typename T>
class Conv2DOp : public Conv2DKernel<Device, T> {
 public:
  using Conv2DKernel<Device, T>::Conv2DKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor& input = context->input(0);
    const Tensor& kernel = context->input(1);
    ConvGeometry g;
    OP_REQUIRES_OK(context, this->attributes_.MakeGeometry(input.shape(),
                                                           kernel.shape(), &g));
    TensorShape shape;
    OP_REQUIRES_OK(context,
                   TensorShape::BuildTensorShape(
                       {g.batch, g.rows.out, g.cols.out, g.filters}, &shape));
    Tensor* output = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &output));
    this->Run(context, g, input, kernel, output, Conv2D<Device, T>());
  }
};

template <typename Device, typename T>
class Conv2DGradInputOp : public Conv2DKernel<Device, T> {
 public:
  using Conv2DKernel<Device, T>::Conv2DKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor& kernel = context->input(1);
    const Tensor& d_output = context->input(2);
    TensorShape shape;
    OP_REQUIRES_OK(context,
                   ReadSizes(context->input(0), "input_sizes", &shape));
    ConvGeometry g;
    OP_REQUIRES_OK(context,
                   this->attributes_.MakeGeometry(shape, kernel.shape(), &g));
    OP_REQUIRES_OK(context, this->CheckOutput(g, d_output));
    Tensor* d_input = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &d_input));
    this->Run(context, g, d_output, kernel, d_input,
              Conv2DGradInput<Device, T>());
  }
};

template <typename Device, typename T>
class Conv2DGradKernelOp : public Conv2DKernel<Device, T> {
 public:
  using Conv2DKernel<Device, T>::Conv2DKernel;

  void Compute(OpKernelContext* context) override {
    const Tensor& input = context->input(0);
    const Tensor& d_output = context->input(2);
    TensorShape shape;
    OP_REQUIRES_OK(context,
                   ReadSizes(context->input(1), "kernel_sizes", &shape));
    ConvGeometry g;
    OP_REQUIRES_OK(context,
                   this->attributes_.MakeGeometry(input.shape(), shape, &g));
    OP_REQUIRES_OK(context, this->CheckOutput(g, d_output));
    Tensor* d_kernel = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &d_kernel));
    this->Run(context, g, input, d_output, d_kernel,
              Conv2DGradKernel<Device, T>());
  }
};

#define COURSE_REGISTER(device, tag, T)                                       \
  REGISTER_KERNEL_BUILDER(                                                    \
      Name("CourseConv2D").Device(tensorflow::device).TypeConstraint<T>("T"), \
      Conv2DOp<tag, T>);                                                      \
  REGISTER_KERNEL_BUILDER(Name("CourseConv2DGradInput")                       \
                              .Device(tensorflow::device)                     \
                              .HostMemory("input_sizes")                      \
                              .TypeConstraint<T>("T"),                        \
                          Conv2DGradInputOp<tag, T>);                         \
  REGISTER_KERNEL_BUILDER(Name("CourseConv2DGradKernel")                      \
                              .Device(tensorflow::device)                     \
                              .HostMemory("kernel_sizes")                     \
                              .TypeConstraint<T>("T"),                        \
                          Conv2DGradKernelOp<tag, T>);

COURSE_REGISTER(DEVICE_CPU, Cpu, float)
COURSE_REGISTER(DEVICE_CPU, Cpu, double)
#if defined(COURSE_CUDA)
COURSE_REGISTER(DEVICE_GPU, Gpu, float)
COURSE_REGISTER(DEVICE_GPU, Gpu, double)
#endif
#undef COURSE_REGISTER

}  // namespace
}  // namespace course

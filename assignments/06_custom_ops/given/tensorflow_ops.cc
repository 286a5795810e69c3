// The three operations, for TensorFlow: their names, their shapes, their checks.
//
// Nothing is computed here. The shape comes from a shape function and the numbers
// from three kernels, all of them put in with custom_ops_use before the first call.
// This is the only file that sees TensorFlow's headers, which take half a minute
// to compile; so it is compiled once and yours are loaded into it.
#include <string.h>

#include <map>
#include <string>
#include <vector>

#include "interface.h"
#include "tensorflow/core/framework/common_shape_fns.h"
#include "tensorflow/core/framework/op.h"
#include "tensorflow/core/framework/op_kernel.h"
#include "tensorflow/core/framework/shape_inference.h"

namespace {

using tensorflow::OpKernel;
using tensorflow::OpKernelConstruction;
using tensorflow::OpKernelContext;
using tensorflow::Tensor;
using tensorflow::TensorShape;
using tensorflow::errors::FailedPrecondition;
using tensorflow::errors::InvalidArgument;
using tensorflow::shape_inference::DimensionHandle;
using tensorflow::shape_inference::InferenceContext;
using tensorflow::shape_inference::ShapeHandle;

ShapeFunction g_shape = nullptr;
std::map<std::string, KernelFunction>& Kernels() {
  static std::map<std::string, KernelFunction> kernels;
  return kernels;
}

struct Attributes {
  std::vector<int64_t> strides, dilations;
  std::string padding;

  template <typename Context>
  absl::Status Read(Context* context) {
    TF_RETURN_IF_ERROR(context->GetAttr("strides", &strides));
    TF_RETURN_IF_ERROR(context->GetAttr("dilations", &dilations));
    return context->GetAttr("padding", &padding);
  }

  absl::Status OutShape(const std::vector<int64_t>& x,
                        const std::vector<int64_t>& kernel,
                        int64_t* out) const {
    if (g_shape == nullptr) return FailedPrecondition("no shape function yet");
    char message[200] = "";
    if (g_shape(x.data(), x.size(), kernel.data(), kernel.size(),
                strides.data(), strides.size(), dilations.data(),
                dilations.size(), padding.c_str(), out, message)) {
      return absl::OkStatus();
    }
    return InvalidArgument(message);
  }
};

// Sizes as the shape function takes them: -1 where TensorFlow does not know.
std::vector<int64_t> SizesOf(InferenceContext* c, ShapeHandle shape) {
  std::vector<int64_t> sizes;
  for (int i = 0; i < c->Rank(shape); ++i) {
    const DimensionHandle dim = c->Dim(shape, i);
    sizes.push_back(c->ValueKnown(dim) ? c->Value(dim) : -1);
  }
  return sizes;
}

std::vector<int64_t> SizesOf(const TensorShape& shape) {
  std::vector<int64_t> sizes;
  for (int i = 0; i < shape.dims(); ++i) sizes.push_back(shape.dim_size(i));
  return sizes;
}

absl::Status ForwardShape(InferenceContext* c) {
  Attributes attributes;
  TF_RETURN_IF_ERROR(attributes.Read(c));
  std::vector<DimensionHandle> dims(4, c->UnknownDim());
  if (c->RankKnown(c->input(0)) && c->RankKnown(c->input(1))) {
    int64_t out[4];
    TF_RETURN_IF_ERROR(attributes.OutShape(SizesOf(c, c->input(0)),
                                           SizesOf(c, c->input(1)), out));
    for (int i = 0; i < 4; ++i) {
      if (out[i] >= 0) dims[i] = c->MakeDim(out[i]);
    }
  }
  c->set_output(0, c->MakeShape(dims));
  return absl::OkStatus();
}

// A gradient has the shape that its sizes input spells out.
template <int which>
absl::Status GradientShape(InferenceContext* c) {
  ShapeHandle shape;
  TF_RETURN_IF_ERROR(c->MakeShapeFromShapeTensor(which, &shape));
  TF_RETURN_IF_ERROR(c->WithRank(shape, 4, &shape));
  c->set_output(0, shape);
  return absl::OkStatus();
}

#define CUSTOM_ATTRIBUTES            \
  Attr("T: {float, double}")         \
      .Attr("strides: list(int)")    \
      .Attr("padding: string")       \
      .Attr("dilations: list(int) = [1, 1]")

REGISTER_OP("CustomConv2D")
    .Input("x: T")
    .Input("kernel: T")
    .Output("y: T")
    .CUSTOM_ATTRIBUTES.SetShapeFn(ForwardShape);

REGISTER_OP("CustomConv2DGradInput")
    .Input("x_shape: int32")
    .Input("kernel: T")
    .Input("d_y: T")
    .Output("d_x: T")
    .CUSTOM_ATTRIBUTES.SetShapeFn(GradientShape<0>);

REGISTER_OP("CustomConv2DGradKernel")
    .Input("x: T")
    .Input("kernel_shape: int32")
    .Input("d_y: T")
    .Output("d_kernel: T")
    .CUSTOM_ATTRIBUTES.SetShapeFn(GradientShape<1>);

#undef CUSTOM_ATTRIBUTES

// Zeros before the first pixel, when `out` outputs are made.
int64_t PadBefore(int64_t in, int64_t out, int64_t kernel, int64_t stride,
                  int64_t dilation) {
  const int64_t needed = (out - 1) * stride + (kernel - 1) * dilation + 1 - in;
  return needed > 0 ? needed / 2 : 0;
}

template <typename T>
class CustomOp : public OpKernel {
 public:
  explicit CustomOp(OpKernelConstruction* context) : OpKernel(context) {
    OP_REQUIRES_OK(context, attributes_.Read(context));
  }

 protected:
  absl::Status MakeConv(const TensorShape& x, const TensorShape& kernel,
                        Conv* conv, TensorShape* y) const {
    int64_t out[4];
    TF_RETURN_IF_ERROR(attributes_.OutShape(SizesOf(x), SizesOf(kernel), out));
    // Checked here as well: a wrong shape function must not crash TensorFlow.
    if (x.dims() != 4 || kernel.dims() != 4 ||
        x.dim_size(3) != kernel.dim_size(2)) {
      return InvalidArgument("x ", x.DebugString(), " and kernel ",
                             kernel.DebugString(), " do not fit together");
    }
    const auto& s = attributes_.strides;
    const auto& d = attributes_.dilations;
    if (s.size() != 2 || d.size() != 2 || out[1] < 0 || out[2] < 0 ||
        out[0] != x.dim_size(0) || out[3] != kernel.dim_size(3)) {
      return InvalidArgument("the shape function gives [", out[0], ",", out[1],
                             ",", out[2], ",", out[3], "] for x ",
                             x.DebugString(), " and kernel ",
                             kernel.DebugString());
    }
    *conv = {x.dim_size(0),
             x.dim_size(1),
             x.dim_size(2),
             x.dim_size(3),
             kernel.dim_size(0),
             kernel.dim_size(1),
             kernel.dim_size(3),
             out[1],
             out[2],
             s[0],
             s[1],
             d[0],
             d[1],
             PadBefore(x.dim_size(1), out[1], kernel.dim_size(0), s[0], d[0]),
             PadBefore(x.dim_size(2), out[2], kernel.dim_size(1), s[1], d[1])};
    return TensorShape::BuildTensorShape({out[0], out[1], out[2], out[3]}, y);
  }

  // Allocates the result and has it computed.
  void Run(OpKernelContext* context, const char* which, const Conv& conv,
           const Tensor& a, const Tensor& b, const TensorShape& shape) const {
    const auto found = Kernels().find(which);
    OP_REQUIRES(context, found != Kernels().end(),
                FailedPrecondition("no ", which, " kernel yet"));
    Tensor* result = nullptr;
    OP_REQUIRES_OK(context, context->allocate_output(0, shape, &result));
    if (result->NumElements() == 0) return;
    found->second(sizeof(T) == sizeof(double), &conv, a.flat<T>().data(),
                  b.flat<T>().data(), result->flat<T>().data());
  }

  static absl::Status ReadShape(const Tensor& sizes, TensorShape* shape) {
    if (sizes.dims() != 1 || sizes.NumElements() != 4) {
      return InvalidArgument("a shape must be four sizes, received ",
                             sizes.DebugString());
    }
    return tensorflow::TensorShapeUtils::MakeShape(sizes.vec<int32_t>(), shape);
  }

  static absl::Status Compare(const TensorShape& d_y, const TensorShape& y) {
    if (d_y == y) return absl::OkStatus();
    return InvalidArgument("d_y must be ", y.DebugString(), ", received ",
                           d_y.DebugString());
  }

  Attributes attributes_;
};

template <typename T>
class Forward : public CustomOp<T> {
 public:
  using CustomOp<T>::CustomOp;
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &kernel = context->input(1);
    Conv conv;
    TensorShape y;
    OP_REQUIRES_OK(context,
                   this->MakeConv(x.shape(), kernel.shape(), &conv, &y));
    this->Run(context, "forward", conv, x, kernel, y);
  }
};

template <typename T>
class GradInput : public CustomOp<T> {
 public:
  using CustomOp<T>::CustomOp;
  void Compute(OpKernelContext* context) override {
    const Tensor &kernel = context->input(1), &d_y = context->input(2);
    Conv conv;
    TensorShape x, y;
    OP_REQUIRES_OK(context, this->ReadShape(context->input(0), &x));
    OP_REQUIRES_OK(context, this->MakeConv(x, kernel.shape(), &conv, &y));
    OP_REQUIRES_OK(context, this->Compare(d_y.shape(), y));
    this->Run(context, "grad_input", conv, d_y, kernel, x);
  }
};

template <typename T>
class GradKernel : public CustomOp<T> {
 public:
  using CustomOp<T>::CustomOp;
  void Compute(OpKernelContext* context) override {
    const Tensor &x = context->input(0), &d_y = context->input(2);
    Conv conv;
    TensorShape kernel, y;
    OP_REQUIRES_OK(context, this->ReadShape(context->input(1), &kernel));
    OP_REQUIRES_OK(context, this->MakeConv(x.shape(), kernel, &conv, &y));
    OP_REQUIRES_OK(context, this->Compare(d_y.shape(), y));
    this->Run(context, "grad_kernel", conv, x, d_y, kernel);
  }
};

#define CUSTOM_REGISTER(name, Op)                                          \
  REGISTER_KERNEL_BUILDER(                                                 \
      Name(name).Device(tensorflow::DEVICE_CPU).TypeConstraint<float>("T"), \
      Op<float>);                                                          \
  REGISTER_KERNEL_BUILDER(                                                 \
      Name(name).Device(tensorflow::DEVICE_CPU).TypeConstraint<double>("T"), \
      Op<double>);
CUSTOM_REGISTER("CustomConv2D", Forward)
CUSTOM_REGISTER("CustomConv2DGradInput", GradInput)
CUSTOM_REGISTER("CustomConv2DGradKernel", GradKernel)
#undef CUSTOM_REGISTER

}  // namespace

// Puts a function in: "shape", "forward", "grad_input" or "grad_kernel".
extern "C" __attribute__((visibility("default"))) void custom_ops_use(
    const char* which, void* function) {
  if (strcmp(which, "shape") == 0) {
    g_shape = reinterpret_cast<ShapeFunction>(function);
  } else {
    Kernels()[which] = reinterpret_cast<KernelFunction>(function);
  }
}

using Foretell.Models.Layers;
using TorchSharp;

namespace Foretell.Models.Torch;

/// <summary>A model's parameter vector on a device, and its tensors as views into it: one copy brings new weights to all.</summary>
internal sealed class DeviceParameters : IDisposable
{
    private readonly TorchDevice _device;
    private readonly IReadOnlyList<Parameter> _layout;
    private readonly Tensor _vector;
    private readonly Dictionary<string, Tensor> _tensors = [];

    /// <param name="device">Where they lie.</param>
    /// <param name="layout">Places of the tensors in the vector.</param>
    /// <param name="length">Floats of the vector.</param>
    /// <param name="learns">Whether gradients of the tensors are asked for.</param>
    public DeviceParameters(TorchDevice device, IReadOnlyList<Parameter> layout, int length, bool learns)
    {
        (_device, _layout) = (device, layout);
        using DisposeScope scope = torch.NewDisposeScope();
        _vector = torch.zeros(length, torch.ScalarType.Float32, device.Device).DetachFromDisposeScope();
        foreach (Parameter p in layout)
        {
            Tensor view = View(_vector, p).detach();
            _tensors[p.Name] = (learns ? view.requires_grad_(true) : view).DetachFromDisposeScope();
        }
    }

    /// <summary>A tensor by its name in the weights file. Shape [rows, columns], or [columns] of a vector.</summary>
    public Tensor this[string name] => _tensors[name];

    /// <summary>All tensors, in the layout's order.</summary>
    public List<Tensor> All => [.. _layout.Select(p => _tensors[p.Name])];

    /// <summary>x W + b.</summary>
    /// <param name="x">Shape [n, rows of W].</param>
    /// <param name="name">Name of the two tensors up to ".weight" and ".bias".</param>
    public Tensor Linear(Tensor x, string name) => torch.addmm(this[name + ".bias"], x, this[name + ".weight"], 1, 1);

    /// <summary>Layer normalisation of each row.</summary>
    /// <param name="x">Shape [n, d].</param>
    /// <param name="name">Name of the two tensors up to ".gain" and ".bias".</param>
    public Tensor Normalise(Tensor x, string name) =>
        torch.nn.functional.layer_norm(x, [x.shape[1]], this[name + ".gain"], this[name + ".bias"], 1e-5);

    /// <summary>A layer's second half: x and the feed-forward of its normalised rows.</summary>
    /// <param name="x">Shape [n, d].</param>
    /// <param name="layer">Prefix of the layer's tensors.</param>
    public Tensor FeedForward(Tensor x, string layer)
    {
        Tensor inner = Linear(Normalise(x, layer + "norm2"), layer + "feedforward.in");
        return x.Plus(Linear(torch.nn.functional.silu(inner), layer + "feedforward.out"));
    }

    /// <summary>Gives all tensors new values.</summary>
    /// <param name="vector">Shape [length].</param>
    public void Load(ReadOnlySpan<float> vector)
    {
        using Tensor values = _device.Upload(vector, vector.Length);
        using IDisposable quiet = torch.no_grad();
        _vector.copy_(values);
    }

    /// <summary>Writes numbers of the tensors' shapes as one vector.</summary>
    /// <param name="values">One for each of <see cref="All"/>.</param>
    /// <param name="vector">Output; 0 where rows are padded. Shape [length].</param>
    public void Store(IList<Tensor> values, Span<float> vector)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable quiet = torch.no_grad();
        Tensor joined = torch.zeros_like(_vector);
        for (int i = 0; i < _layout.Count; i++)
        {
            View(joined, _layout[i]).copy_(values[i]);
        }
        joined.Download(vector);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _tensors.Values)
        {
            tensor.Dispose();
        }
        _vector.Dispose();
    }

    private static Tensor View(Tensor vector, Parameter p)
    {
        Tensor rows = vector.narrow(0, p.Offset, p.Length).view(p.Rows, p.Stride).narrow(1, 0, p.Columns);
        return p.Rows == 1 ? rows.view(p.Columns) : rows;
    }
}

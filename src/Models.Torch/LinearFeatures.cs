namespace Foretell.Models.Torch;

/// <summary>The positive features of linear attention, phi(x) = elu(x) + 1.</summary>
/// <remarks>Source: Katharopoulos et al., ICML 2020, equation 7.</remarks>
internal static class LinearFeatures
{
    /// <summary>ln phi(x): ln(1 + x) above 0, else x. Any shape.</summary>
    public static Tensor Log(Tensor x) => x.clamp_min(HeldNumbers.Zero).log1p().Plus(x.clamp_max(HeldNumbers.Zero));
}

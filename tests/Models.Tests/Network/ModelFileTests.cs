using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Weights;
using Foretell.Support;

namespace Foretell.Models.Tests.Network;

public class ModelFileTests
{
    [Fact]
    public void Load_WhenSaved_GivesTheSameModel()
    {
        ForecastModel model = TestModels.Model();
        string path = Path.Combine(Path.GetTempPath(), $"foretell-{Guid.NewGuid():N}.safetensors");
        try
        {
            model.Save(path);
            ForecastModel loaded = ForecastModel.Load(path);
            Assert.Equal(model.Id, loaded.Id);
            Assert.Equal(model.Config.Marks, loaded.Config.Marks);
            Assert.Equal(model.Weights.Span.ToArray(), loaded.Weights.Span.ToArray());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("aaren", 0)]
    [InlineData("linear", 0)]
    [InlineData("softmax", 0)]
    [InlineData("window+4", 32)]
    public void FromTensors_WhenTheMixerIsNamed_GivesTheSameModel(string mixer, int states)
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config() with { Mixer = mixer, States = states }, TestModels.WeightsSeed);
        SafeTensors file = ModelFile.ToTensors(model);
        ForecastModel read = ModelFile.FromTensors(file);
        Assert.Equal((model.Id, mixer, states), (read.Id, read.Config.Mixer, read.Config.States));
        // Files from before there were policies have no such field, and their ids are part of every stored row's digest.
        Assert.Equal(states > 0, file.Metadata["foretell.config"].Contains("states"));
    }

    [Fact]
    public void FromTensors_WhenTheModelIsCensored_IsOfAFormatThatOlderProgramsRefuse()
    {
        SafeTensors plain = ModelFile.ToTensors(TestModels.Model());
        ForecastModel model = ForecastModel.Untrained(TestModels.Config() with { Censored = true }, TestModels.WeightsSeed);
        SafeTensors file = ModelFile.ToTensors(model);

        Assert.Equal(("model/1", "model/2"), (plain.Metadata["foretell.format"], file.Metadata["foretell.format"]));
        // Files from before there were open ends have no such field, and their ids are part of every stored row's digest.
        Assert.DoesNotContain("censored", plain.Metadata["foretell.config"]);
        Assert.Equal([32, 3 * 16 + 1], file.Tensors["time.weight"].Shape);
        ForecastModel read = ModelFile.FromTensors(file);
        Assert.Equal((model.Id, true), (read.Id, read.Config.Censored));
        Assert.Equal(model.Weights.Span.ToArray(), read.Weights.Span.ToArray());
        // A file that says one thing in its format and the other in its configuration was tampered with.
        file.Metadata["foretell.format"] = "model/1";
        Assert.Contains("'model/2' where 'censored'", Assert.Throws<InvalidDataException>(() => ModelFile.FromTensors(file)).Message);
    }

    [Fact]
    public void FromTensors_WhenRareMarksWereFolded_IsOfAFormatThatOlderProgramsRefuse()
    {
        ModelConfig config = TestModels.Config() with { Marks = ["a", "b", "other"], HasOtherMark = true };
        ForecastModel model = ForecastModel.Untrained(config, TestModels.WeightsSeed);
        SafeTensors file = ModelFile.ToTensors(model);

        Assert.Equal("model/3", file.Metadata["foretell.format"]);
        Assert.DoesNotContain("hasOtherMark", ModelFile.ToTensors(TestModels.Model()).Metadata["foretell.config"]);
        ForecastModel read = ModelFile.FromTensors(file);
        Assert.Equal((model.Id, 2, 2), (read.Id, read.UnknownMark, read.MarkIndex("c"u8)));
        Assert.Contains("last mark must be 'other'",
            Assert.Throws<ArgumentException>(() => (config with { Marks = ["other", "a"] }).Validate()).Message);
    }

    [Fact]
    public void FromTensors_WhenTheModelAdapts_IsOfAFormatThatOlderProgramsRefuse()
    {
        ForecastModel plain = TestModels.Model(), adapting = plain.WithAdaptation(true);
        SafeTensors file = ModelFile.ToTensors(adapting);

        Assert.Equal("model/5", file.Metadata["foretell.format"]);
        Assert.DoesNotContain("adapt", ModelFile.ToTensors(plain).Metadata["foretell.config"]);
        Assert.Equal(adapting.Id, ModelFile.FromTensors(file).Id);
        Assert.NotEqual(plain.Id, adapting.Id);
        // One of the earlier rule goes on by this one, under this one's id: a data folder with its rows is refused, not misread.
        file.Metadata["foretell.format"] = "model/4";
        Assert.Equal(adapting.Id, ModelFile.FromTensors(file).Id);
        Assert.Equal((plain.Id, plain.StateFloats), (adapting.WithAdaptation(false).Id, adapting.StateFloats - 12 - 2 * 3));
    }

    [Fact]
    public void Save_WhenNothingCouldReadTheModel_LeavesTheFileAsItWas()
    {
        ForecastModel model = TestModels.Model();
        using var folder = new TemporaryFolder();
        string path = folder.At("m.safetensors");
        model.Save(path);
        byte[] before = File.ReadAllBytes(path);
        ForecastModel damaged = ForecastModel.Untrained(TestModels.Config(), seed: 5);
        damaged.Weights.Span[damaged.Layout.All[0].Offset] = float.NaN;

        string message = Assert.Throws<InvalidDataException>(() => damaged.Save(path)).Message;

        Assert.Contains("was not written", message);
        Assert.Contains(damaged.Layout.All[0].Name, message);
        Assert.Equal(before, File.ReadAllBytes(path));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void ToTensors_WhenAFileOfAnEarlierReleaseWasRead_GivesItsBytes()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "Weights", "Releases", "model-1.safetensors");
        Assert.Equal(File.ReadAllBytes(path), ModelFile.ToTensors(ForecastModel.Load(path)).ToBytes());
    }

    [Fact]
    public void WithMixer_WhenAPolicyBoundsASoftmaxModel_KeepsTheWeightsAndHasAnIdOfItsOwn()
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config() with { Mixer = "softmax" }, TestModels.WeightsSeed);
        ForecastModel bounded = model.WithMixer("tova", 16);
        Assert.Equal(model.Weights.Span.ToArray(), bounded.Weights.Span.ToArray());
        Assert.NotEqual(model.Id, bounded.Id);
        Assert.Equal(model.Id, bounded.WithMixer("softmax", 0).Id);
        Assert.Equal(bounded.StateBytes, bounded.StateBytesAfter(1_000_000));
    }

    [Fact]
    public void Id_WhenOneWeightDiffers_Differs() =>
        Assert.NotEqual(ForecastModel.Untrained(TestModels.Config(), 1).Id, ForecastModel.Untrained(TestModels.Config(), 2).Id);

    [Fact]
    public void FromTensors_WhenSomethingIsWrong_NamesIt()
    {
        AssertRefused(f => f.Metadata.Remove("foretell.format"), "foretell.format");
        AssertRefused(f => f.Metadata["foretell.config"] = "{", "foretell.config");
        AssertRefused(f => f.Metadata["foretell.config"] = f.Metadata["foretell.config"].Replace("\"width\":32", "\"width\":33"), "width");
        AssertRefused(f => f.Metadata["foretell.config"] = With(f, "\"mixer\":\"aaren\"", "\"mixer\":null"), "mixer");
        AssertRefused(f => f.Metadata["foretell.config"] = With(f, "\"marks\":[", "\"marks\":[null,"), "marks");
        AssertRefused(f => f.Metadata["foretell.config"] = With(f, "\"marks\":[", "\"marks\":null,\"others\":["), "marks");
        AssertRefused(f => f.Metadata["foretell.config"] = With(f, "\"marks\":[", $"\"marks\":[\"{new string('m', 257)}\","), "marks");
        AssertRefused(f => f.Tensors["baseline.rate"] = Tensor.Of([double.PositiveInfinity]), "rate");
        AssertRefused(f => f.Tensors.Remove("norm.gain"), "norm.gain");
        AssertRefused(f => f.Tensors["norm.gain"] = Tensor.Of(new float[31], 31), "norm.gain");
        AssertRefused(f => f.Tensors["norm.gain"] = Tensor.Of([.. Enumerable.Repeat(float.NaN, 32)], 32), "norm.gain");
        AssertRefused(f => f.Tensors["time.anchor.deviation"] = Tensor.Of(new double[16], 16), "time.anchor.deviation");
    }

    [Fact]
    public void FromTensors_WhenAConfigurationAsksForGigabytes_IsRefusedForItsTensors()
    {
        SafeTensors file = ModelFile.ToTensors(TestModels.Model());
        file.Metadata["foretell.config"] = With(file, "\"width\":32", "\"width\":1024").Replace("\"layers\":2", "\"layers\":16");
        long before = Environment.WorkingSet;

        // The weights' memory is outside the collected heap.
        Assert.Contains("'embed.mark' must be F32", Assert.Throws<InvalidDataException>(() => ModelFile.FromTensors(file)).Message);

        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 256L << 20);
    }

    /// <summary>A file's configuration with other text in one place.</summary>
    private static string With(SafeTensors file, string text, string other)
    {
        string config = file.Metadata["foretell.config"];
        Assert.Contains(text, config);
        return config.Replace(text, other);
    }

    private static void AssertRefused(Action<SafeTensors> damage, string named)
    {
        SafeTensors file = ModelFile.ToTensors(TestModels.Model());
        damage(file);
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => ModelFile.FromTensors(file)).Message);
    }
}

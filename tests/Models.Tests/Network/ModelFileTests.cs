using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.PointProcess;
using Foretell.Models.Scoring;
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
    public void FromTensors_WhenValuesAreForecast_IsOfAFormatThatOlderProgramsRefuse()
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config().WithValues(2), TestModels.WeightsSeed);
        SafeTensors file = ModelFile.ToTensors(model);

        Assert.Equal("model/6", file.Metadata["foretell.format"]);
        // Files from before there were values have no such fields, and their ids are part of every stored row's digest.
        string plain = ModelFile.ToTensors(TestModels.Model()).Metadata["foretell.config"];
        Assert.All(new[] { "values", "forecastsValues", "labels" }, field => Assert.DoesNotContain(field, plain));
        Assert.Equal([6, 32], file.Tensors["embed.value"].Shape);
        Assert.Equal([4, 64], file.Tensors["value.mark"].Shape);
        Assert.Equal([8, 2 * 25], file.Tensors["value.skip.weight"].Shape);
        ForecastModel read = ModelFile.FromTensors(SafeTensors.Parse(file.ToBytes()));
        Assert.Equal((model.Id, 2, 1, -1), (read.Id, read.ValueCount, read.ValueIndex("v1"u8), read.ValueIndex("v2"u8)));
        Assert.Equal(model.Config.Values, read.Config.Values);
        EventSequence history = TestModels.History(30).WithValues(model.Config);
        Assert.Equal(Evaluator.Evaluate(model, [history]).NllValue, Evaluator.Evaluate(read, [history]).NllValue);
        file.Metadata["foretell.format"] = "model/1";
        Assert.Contains("'model/6' where it has values", Assert.Throws<InvalidDataException>(() => ModelFile.FromTensors(file)).Message);
    }

    [Fact]
    public void FromTensors_WhenValuesAreNotAsTheyMustBe_NamesIt()
    {
        SafeTensors Values() => ModelFile.ToTensors(ForecastModel.Untrained(TestModels.Config().WithValues(2), TestModels.WeightsSeed));
        void Refused(Action<SafeTensors> damage, string named)
        {
            SafeTensors file = Values();
            damage(file);
            Assert.Contains(named, Assert.Throws<InvalidDataException>(() => ModelFile.FromTensors(file)).Message);
        }
        void Config(string text, string other, string named) => Refused(f => f.Metadata["foretell.config"] = With(f, text, other), named);

        Config(",\"forecastsValues\":true", "", "no 'forecastsValues'");
        Config("\"name\":\"v1\"", "\"name\":\"v0\"", "all different");
        Config("\"name\":\"v1\"", $"\"name\":\"{new string('v', 65)}\"", "values");
        Config("\"name\":\"v1\"", "\"name\":\"\"", "values");
        Config("\"within\":0.6", "\"within\":0", "values");
        Config("\"share\":0.8", "\"share\":1.5", "values");
        Config("\"deviation\":0.5", "\"deviation\":-1", "values");
        Refused(f => f.Tensors.Remove("value.anchor.1.mean"), "value.anchor.1.mean");
        Refused(f => f.Tensors["value.anchor.0.deviation"] = Tensor.Of(new double[8], 8), "value.anchor.0.deviation");
        Refused(f => f.Tensors["value.mark"] = Tensor.Of(new float[3 * 64], 3, 64), "value.mark");
        SafeTensors none = ModelFile.ToTensors(TestModels.Model());
        none.Metadata["foretell.config"] = With(none, "\"marks\":", "\"forecastsValues\":true,\"marks\":");
        Assert.Contains("values", Assert.Throws<InvalidDataException>(() => ModelFile.FromTensors(none)).Message);
    }

    [Theory]
    [InlineData("tova", 16)]
    [InlineData("softmax", 0)]
    public void With_WhenAModelForecastsValues_KeepsTheirForecasts(string mixer, int states)
    {
        ForecastModel model = ForecastModel.Untrained(TestModels.Config().WithValues(2) with { Mixer = "softmax" }, TestModels.WeightsSeed);
        EventSequence history = TestModels.History(12).WithValues(model.Config);
        double expected = Evaluator.Evaluate(model, [history]).NllValue!.Value;

        ForecastModel bounded = model.WithMixer(mixer, states);
        foreach (ForecastModel other in new[] { bounded, model.WithAdaptation(true), bounded.WithAdaptation(true) })
        {
            // No event leaves of twelve.
            Assert.Equal(expected, Evaluator.Evaluate(other, [history]).NllValue!.Value, 1e-6);
            Assert.Equal(other.Id, ModelFile.FromTensors(ModelFile.ToTensors(other)).Id);
        }
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

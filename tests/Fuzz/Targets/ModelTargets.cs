using System.Text;
using Foretell.Fuzz.Running;
using Foretell.Models.Configuration;
using Foretell.Models.Mixers;
using Foretell.Models.Network;
using Foretell.Models.Stepping;
using Foretell.Models.Weights;

namespace Foretell.Fuzz.Targets;

/// <summary>Weights files. A model that is read must forecast, step and be written again.</summary>
internal static class ModelTargets
{
    private static readonly byte[] s_model = Model("aaren");

    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        new("model-config", ReadWithConfig, typeof(InvalidDataException))
        {
            Seeds = [Encoding.UTF8.GetBytes(SafeTensors.Parse(s_model).Metadata["foretell.config"])],
            Words = ["\"width\":", "\"layers\":", "\"heads\":", "\"components\":", "\"mixer\":", "\"states\":", "\"window+1\"", "\"softmax\"", "\"decay\":", "\"censored\":true",
                "\"ties\":0.5", "\"resolution\":", "\"gapFloor\":", "\"logGapMean\":", "\"marks\":", "[\"a\",\"other\"]", "\"hasOtherMark\":true", "null", "1024", "16", "\\ud800"],
            MostBytes = 8192,
            FreeBytes = 4 << 20,
            BytesPerByte = 256,
            Share = 50,
        },
        // A model is read into floats twice, and its id is the hash of a file made of it once more.
        new("model", Read, typeof(InvalidDataException))
        {
            Seeds = [s_model, Model("softmax")],
            Words = ["\"dtype\":\"F32\"", "\"F64\"", "\"I64\"", "\"shape\":[", "\"data_offsets\":[", "__metadata__", "\"foretell.format\":", "model/1", "model/3",
                "\\\"width\\\":", "\\\"layers\\\":16", "\\\"marks\\\":[", "\\\"mixer\\\":\\\"window+9\\\"", "\\\"resolution\\\":", "\\\"censored\\\":true", "[0,0]", "]}"],
            MostBytes = 128 << 10,
            FreeBytes = 2 << 20,
            BytesPerByte = 64,
            Share = 20,
        },
    ];

    private static byte[] Model(string mixer)
    {
        var config = new ModelConfig { Width = 16, Layers = 1, Heads = 2, Components = 16, Mixer = mixer, Marks = ["visit", "buy"] };
        string path = Path.GetTempFileName();
        try
        {
            ForecastModel.Untrained(config, seed: 1).Save(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void ReadWithConfig(byte[] config)
    {
        SafeTensors file = SafeTensors.Parse(s_model);
        file.Metadata["foretell.config"] = Encoding.UTF8.GetString(config);
        Read(file.ToBytes());
    }

    private static void Read(byte[] file)
    {
        ForecastModel model = ForecastModel.Parse(file, "input");
        using var backend = new CpuStateBackend(model);
        backend.EnsureCapacity(1);
        backend.ScoreAndStep([new StepInput(0, 0, 0, 0, -1)], new StepScore[1]);
        backend.ScoreAndStep([new StepInput(0, 0, 1, 1, 0)], new StepScore[1]);
        _ = Encoding.UTF8.GetByteCount(model.Id);
    }
}

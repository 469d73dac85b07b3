using Foretell.Models.Configuration;
using Foretell.Models.Control;
using Foretell.Models.Numerics;
using Foretell.Models.Training;

namespace Foretell.Models.Tests.Actions;

/// <summary>A task in which the past decides, small trainings, and logs of named seeds.</summary>
internal static class TestEpisodes
{
    public static TrainingOptions Small(string mixer = "aaren", bool decay = true) => new()
    {
        Shape = new ModelConfig { Width = 16, Layers = 2, Heads = 2, Mixer = mixer, Decay = decay },
        Epochs = 30,
        LearningRate = 1e-2,
        Threads = 1,
    };

    /// <summary>Episodes of random actions.</summary>
    public static ControlEpisode[] Log(ControlTask task, int count, long seed) => [.. Enumerable.Range(0, count).Select(i =>
    {
        var random = new RandomStream(seed, i);
        return ControlEpisode.Play(task, seed + i, _ => random.NextInt(task.Actions));
    })];

    /// <summary>What is seen first says which of two actions will be worth 1 in the third and last step; nothing that is seen later
    /// does.</summary>
    public sealed class Cue : ControlTask
    {
        private const int Last = 2;

        private int _wanted, _step;

        public Cue() => Ticks = 1;

        public override string Name => "cue";
        public override int Observations => 2;
        public override int Actions => 2;
        public override int Skilled(ReadOnlySpan<double> observation) => observation[0] > 0 ? 1 : 0;
        public override int Hasty(ReadOnlySpan<double> observation) => 0;
        protected override void Start(RandomStream random) => (_wanted, _step) = (random.NextInt(2), 0);
        protected override (double Reward, bool HasEnded) Tick(int action) => (_step++ == Last && action == _wanted ? 1 : 0, _step > Last);
        protected override double[] Observe() => [_step > 0 ? 0 : _wanted == 1 ? 1 : -1, _step];
    }
}

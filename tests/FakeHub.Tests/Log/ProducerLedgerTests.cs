using Foretell.FakeHub.Log;

namespace Foretell.FakeHub.Tests.Log;

public sealed class ProducerLedgerTests
{
    private readonly ProducerLedger _ledger = new();

    [Fact]
    public void TryAdvance_WhenABatchIsRepeated_IsFalse()
    {
        long id = _ledger.Admit(null, null, null).Id;

        Assert.True(_ledger.TryAdvance(id, first: 1, count: 3));
        Assert.False(_ledger.TryAdvance(id, first: 1, count: 3));
        Assert.True(_ledger.TryAdvance(id, first: 4, count: 1));
    }

    [Fact]
    public void TryAdvance_WhenEventsAreMissing_IsOutOfOrder()
    {
        long id = _ledger.Admit(null, null, null).Id;

        Assert.Equal(HubConditions.OutOfOrderSequence, Assert.Throws<HubException>(() => _ledger.TryAdvance(id, 2, 1)).Condition);
    }

    [Fact]
    public void Admit_WhenTheEpochIsLower_IsStolen()
    {
        _ledger.Admit(9, 2, 0);

        Assert.Equal(HubConditions.ProducerEpochStolen, Assert.Throws<HubException>(() => _ledger.Admit(9, 1, 0)).Condition);
        Assert.Equal(10, _ledger.Admit(null, null, null).Id);
    }
}

using PgTrickle.Node;

namespace PgTrickle.Gateway.Tests.EndToEnd;

/// <summary>Only where nothing but the gateway runs may the thread that waits for sockets do more than that.</summary>
public sealed class SocketCompletionsTests
{
    [Theory]
    [InlineData(true, "gateway")]
    [InlineData(false, "gateway", "worker")]
    [InlineData(false, "gateway", "coordinator")]
    [InlineData(false, "worker", "coordinator", "gateway")]
    [InlineData(false, "worker")]
    public void A_node_is_only_a_gateway_when_it_has_no_other_role(bool expected, params string[] roles) =>
        Assert.Equal(expected, SocketCompletions.IsOnlyGateway(roles));
}

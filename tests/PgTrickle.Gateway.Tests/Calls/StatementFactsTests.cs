using System.Buffers;
using System.Text;
using PgTrickle.Gateway.Calls;
using PgTrickle.Gateway.Relay;
using PgTrickle.Wire;
using PgTrickle.Wire.Frontend;

namespace PgTrickle.Gateway.Tests.Calls;

public sealed class StatementFactsTests
{
    [Theory]
    [InlineData("SELECT pgtrickle.create_stream_table('a', 'SELECT 1')")]
    [InlineData("select PgTrickle . Refresh_Stream_Table ( 'a' ) ;  -- done\n")]
    [InlineData("SELECT * FROM pgtrickle.refresh_stream_table(name => 'a')")]
    [InlineData("CALL pgtrickle.wait_for('a', '1s'::interval)")]
    [InlineData("SELECT pgtrickle.create_stream_table($1, $2, schedule => '30s')")]
    [InlineData("SELECT \"pgtrickle\".create_stream_table(name => 'it''s', query => $$SELECT count(*) FROM (VALUES (1)) v$$, append_only => true)")]
    [InlineData("/* x */ SELECT pgtrickle.create_stream_table('a', $q$SELECT $$x$$$q$)")]
    [InlineData("SELECT pgtrickle.create_stream_table(\n  'a',\n  -- it's a comment\n  'SELECT 1')")]
    public void A_statement_that_is_nothing_but_a_call_is_recognised(string text)
    {
        var facts = Facts(text);
        Assert.True(facts.MentionsCalls);
        Assert.True(facts.IsSoleCall);
    }

    [Theory]
    [InlineData("SELECT pgtrickle.create_stream_table('a', 'SELECT 1'); SELECT 1")]
    [InlineData("SELECT pgtrickle.create_stream_table('a', 'SELECT 1'), f()")]
    [InlineData("SELECT pgtrickle.create_stream_table('a', f())")]
    [InlineData("SELECT pgtrickle.create_stream_table('a', (SELECT q FROM queries))")]
    [InlineData("SELECT pgtrickle.create_stream_table('a', 'SELECT 1') FROM t")]
    [InlineData("WITH x AS (INSERT INTO t VALUES (1)) SELECT pgtrickle.create_stream_table('a', 'SELECT 1')")]
    [InlineData("SELECT pgtrickle.create_stream_table('a\\', f()) --')")]
    [InlineData("SELECT pgtrickle.create_stream_table('a', E'\\'')")]
    [InlineData("SELECT pgtrickle.create_stream_table('a', $x$ unfinished")]
    [InlineData("SELECT pgtrickle.create_stream_table('a'")]
    [InlineData("SELECT create_stream_table('a', 'SELECT 1')")]
    [InlineData("/* /* */ ; SELECT 1 */ SELECT pgtrickle.create_stream_table('a', 'SELECT 1')")]
    [InlineData("BEGIN; SELECT pgtrickle.refresh_stream_table('a'); COMMIT")]
    [InlineData("pgtrickle")]
    public void Whatever_may_do_more_than_the_call_is_not(string text)
    {
        var facts = Facts(text);
        Assert.True(facts.MentionsCalls);
        Assert.False(facts.IsSoleCall);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SELECT 1")]
    [InlineData("SELECT k_k, kk FROM trickle")]
    [InlineData("pgtrickl")]
    [InlineData("stream tables")]
    public void Other_statements_are_left_alone(string text) => Assert.False(Facts(text).MentionsCalls);

    [Fact]
    public void A_long_statement_is_searched_wherever_it_is_cut()
    {
        var text = new string(' ', 30) + "SELECT pgtrickle.refresh_all()" + new string(' ', 30);
        var writer = new WireWriter();
        QueryMessage.Write(writer, text);
        for (var cut = 1; cut < writer.Written.Length; cut++)
        {
            for (var width = 1; width < 4; width++)
            {
                var statement = new LongStatement(FrontendType.Query);
                statement.Look(new ReadOnlySequence<byte>(writer.Written[..cut]));
                var middle = Math.Min(width, writer.Written.Length - cut);
                statement.Look(new ReadOnlySequence<byte>(writer.Written.Slice(cut, middle)));
                statement.Look(new ReadOnlySequence<byte>(writer.Written[(cut + middle)..]));
                var conversation = new Conversation(TimeProvider.System);
                statement.Tell(conversation);
                Assert.True(conversation.MustWait(FrontendType.Query), $"cut at {cut}");
            }
        }
    }

    [Theory]
    [InlineData("0", null)]
    [InlineData("1500ms", 1500)]
    [InlineData("30s", 30_000)]
    [InlineData("2min", 120_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("", null)]
    [InlineData("x", null)]
    [InlineData(null, null)]
    public void Times_are_read_as_the_server_prints_them(string? text, int? milliseconds) =>
        Assert.Equal(milliseconds, (int?)Mark.Duration(text)?.TotalMilliseconds);

    private static StatementFacts Facts(string text) => StatementFacts.Of(Encoding.UTF8.GetBytes(text));
}

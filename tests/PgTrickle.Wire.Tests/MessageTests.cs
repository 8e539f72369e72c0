using System.Buffers;
using System.Text;
using PgTrickle.Wire.Backend;
using PgTrickle.Wire.Frontend;

namespace PgTrickle.Wire.Tests;

public sealed class MessageTests
{
    [Fact]
    public void Errors_keep_their_fields_in_order()
    {
        var message = ServerMessage.Of("ERROR", "22012", "division by zero", "a detail", "a hint");
        var read = ServerMessage.Read(Bytes.BodyOf(message.Write));
        Assert.Equal("SVCMDH", string.Concat(read.Fields.Select(field => field.Key)));
        Assert.Equal(("ERROR", "22012", "division by zero", "a detail", "a hint"), (read.Severity, read.SqlState, read.Message, read.Detail, read['H']));
        Assert.Equal("ERROR 22012: division by zero", read.ToString());
    }

    [Theory]
    [InlineData("ERROR", 'E')]
    [InlineData("FATAL", 'E')]
    [InlineData("WARNING", 'N')]
    [InlineData("NOTICE", 'N')]
    public void The_severity_decides_whether_a_message_is_an_error(string severity, char type) =>
        Assert.Equal((byte)type, Bytes.Of(ServerMessage.Of(severity, "00000", "x").Write)[0]);

    [Fact]
    public void Zeros_in_the_text_of_an_error_do_not_end_it() =>
        Assert.Equal("ab", ServerMessage.Read(Bytes.BodyOf(ServerMessage.Of("ERROR", "XX000", "a\0b").Write)).Message);

    [Fact]
    public void The_untranslated_severity_wins() =>
        Assert.Equal("INFO", ServerMessage.Read(new ReadOnlySequence<byte>("SINFORMATION\0VINFO\0CPGT01\0M7\0\0"u8.ToArray())).Severity);

    [Fact]
    public void Mechanisms_are_read_up_to_the_empty_name()
    {
        var request = AuthenticationRequest.Read(Bytes.BodyOf(AuthenticationRequest.Sasl(["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"]).Write));
        Assert.Equal(AuthenticationKind.Sasl, request.Kind);
        Assert.Equal(["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"], request.Mechanisms().AsEnumerable());
    }

    [Theory]
    [InlineData(AuthenticationKind.Ok, false)]
    [InlineData(AuthenticationKind.SaslFinal, false)]
    [InlineData(AuthenticationKind.CleartextPassword, true)]
    [InlineData(AuthenticationKind.Md5Password, true)]
    [InlineData(AuthenticationKind.SaslContinue, true)]
    [InlineData(AuthenticationKind.GssContinue, true)]
    public void It_is_known_which_requests_a_client_answers(AuthenticationKind kind, bool expected) =>
        Assert.Equal(expected, new AuthenticationRequest(kind, default).ExpectsAnswer);

    [Theory]
    [InlineData(new byte[] { 0, 3, 0, 0, 0, 0, 0, 1, 97, 0 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 1, 97, 0 })]
    public void The_newest_version_of_a_server_is_read_in_both_forms(byte[] body)
    {
        var read = NegotiateProtocolVersion.Read(new ReadOnlySequence<byte>(body));
        Assert.Equal(ProtocolVersion.V30, read.Newest);
        Assert.Equal("a", Assert.Single(read.UnknownOptions));
        Assert.Equal("a", Assert.Single(NegotiateProtocolVersion.Read(Bytes.BodyOf(read.Write)).UnknownOptions));
    }

    [Fact]
    public void A_count_of_options_beyond_the_message_allocates_nothing() =>
        Assert.Throws<ProtocolException>(() => NegotiateProtocolVersion.Read(new ReadOnlySequence<byte>([0, 3, 0, 0, 127, 255, 255, 255, 0])));

    [Theory]
    [InlineData('I', TransactionStatus.Idle)]
    [InlineData('T', TransactionStatus.InTransaction)]
    [InlineData('E', TransactionStatus.Failed)]
    public void The_status_of_the_transaction_is_read(char code, TransactionStatus expected) =>
        Assert.Equal(expected, ReadyForQuery.Read(new ReadOnlySequence<byte>([(byte)code])).Status);

    [Fact]
    public void An_unknown_status_is_refused() => Assert.Throws<ProtocolException>(() => ReadyForQuery.Read(new ReadOnlySequence<byte>("X"u8.ToArray())));

    [Fact]
    public void Statements_are_read_as_they_were_written()
    {
        var parse = ParseMessage.Read(Bytes.BodyOf(writer => ParseMessage.Write(writer, "s1", "SELECT $1")));
        Assert.Equal(("s1", "SELECT $1"), (parse.Name, Bytes.Text(parse.Text)));
        Assert.Equal(new BindMessage("p1", "s1"), BindMessage.Read(Bytes.BodyOf(writer => BindMessage.Write(writer, "p1", "s1", "7", "ü"))));
        Assert.Equal(new CloseMessage(true, "s1"), CloseMessage.Read(Bytes.BodyOf(new CloseMessage(true, "s1").Write)));
        Assert.Equal(new CloseMessage(false, ""), CloseMessage.Read(Bytes.BodyOf(new CloseMessage(false, "").Write)));
        Assert.Equal("SELECT 1; SELECT 2", Bytes.Text(QueryMessage.Read(Bytes.BodyOf(writer => QueryMessage.Write(writer, "SELECT 1; SELECT 2"))).Text));
        Assert.Equal("INSERT 0 1", CommandComplete.Read(new ReadOnlySequence<byte>("INSERT 0 1\0"u8.ToArray())).Tag);
    }

    [Fact]
    public void Messages_that_have_no_fields_are_headers_alone()
    {
        Assert.Equal("S\0\0\0\u0004"u8.ToArray(), Bytes.Of(SyncMessage.Write));
        Assert.Equal("X\0\0\0\u0004"u8.ToArray(), Bytes.Of(TerminateMessage.Write));
    }

    [Fact]
    public void An_empty_password_is_refused_as_PostgreSQL_does()
    {
        Assert.Equal("28P01", Assert.Throws<ProtocolException>(() => PasswordMessage.Read(new ReadOnlySequence<byte>([0]))).SqlState);
        Assert.Equal("pencil", PasswordMessage.Read(new ReadOnlySequence<byte>("pencil\0"u8.ToArray())).Password);
    }

    [Fact]
    public void The_choice_of_a_mechanism_is_read_as_it_was_written()
    {
        var read = SaslInitialResponse.Read(Bytes.BodyOf(writer => SaslInitialResponse.Write(writer, "SCRAM-SHA-256", "n,,n=,r=x")));
        Assert.Equal(("SCRAM-SHA-256", "n,,n=,r=x"), (read.Mechanism, Encoding.UTF8.GetString(read.Message.Span)));
        Assert.Equal("c=biws", Bytes.Text(Bytes.BodyOf(writer => SaslResponse.Write(writer, "c=biws"))));
    }

    [Fact]
    public void Text_without_an_end_and_bytes_after_the_end_are_refused()
    {
        Assert.Throws<ProtocolException>(() => QueryMessage.Read(new ReadOnlySequence<byte>("SELECT 1"u8.ToArray())));
        Assert.Throws<ProtocolException>(() => QueryMessage.Read(new ReadOnlySequence<byte>("SELECT 1\0x"u8.ToArray())));
        Assert.Throws<ProtocolException>(() => BackendKeyData.Read(new ReadOnlySequence<byte>([0, 0, 0, 1, 2])));
    }
}

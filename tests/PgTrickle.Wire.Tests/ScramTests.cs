using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PgTrickle.Wire.Scram;

namespace PgTrickle.Wire.Tests;

public sealed class ScramTests
{
    // RFC 7677, section 3.
    private const string ServerFirst = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private const string ClientFinal = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    private const string ServerFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    private static ScramClient Example() => ScramClient.ForExample("pencil", "rOprNGfwEbeRWgbNEkqO", "user");

    [Fact]
    public void The_example_of_the_RFC_comes_out()
    {
        var client = Example();
        Assert.Equal("n,,n=user,r=rOprNGfwEbeRWgbNEkqO", client.FirstMessage);
        Assert.Equal(ClientFinal, client.FinalMessage(ServerFirst));
        client.Verify(ServerFinal);
    }

    [Theory]
    [InlineData("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95H4=")]
    [InlineData("v=")]
    [InlineData("e=invalid-proof")]
    [InlineData("")]
    [InlineData("v=%%%")]
    public void A_server_that_does_not_know_the_password_is_found_out(string final)
    {
        var client = Example();
        client.FinalMessage(ServerFirst);
        Assert.Throws<ProtocolException>(() => client.Verify(final));
    }

    [Fact]
    public void A_signature_before_the_proof_counts_for_nothing() => Assert.Throws<ProtocolException>(() => Example().Verify(ServerFinal));

    [Theory]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")] // nothing of the server's own
    [InlineData("r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2147483647")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-1")]
    [InlineData("m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("")]
    public void A_first_message_that_is_no_answer_is_refused(string first) => Assert.Throws<ProtocolException>(() => Example().FinalMessage(first));

    [Fact]
    public void Nonces_differ() => Assert.NotEqual(ScramClient.Unbound("x").FirstMessage, ScramClient.Unbound("x").FirstMessage);

    [Fact]
    public void The_bound_client_sends_the_hash_of_the_certificate()
    {
        byte[] hash = [1, 2, 3];
        var client = ScramClient.Bound("pencil", hash);
        Assert.StartsWith("p=tls-server-end-point,,n=,r=", client.FirstMessage, StringComparison.Ordinal);
        var nonce = client.FirstMessage[client.FirstMessage.IndexOf("r=", StringComparison.Ordinal)..];
        var final = client.FinalMessage($"{nonce}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1");
        var binding = Convert.FromBase64String(final[2..final.IndexOf(',', StringComparison.Ordinal)]);
        Assert.Equal([.. Encoding.ASCII.GetBytes("p=tls-server-end-point,,"), .. hash], binding);
    }

    [Theory]
    [InlineData("SHA256", 32)]
    [InlineData("SHA384", 48)]
    [InlineData("SHA512", 64)]
    public void Certificates_are_hashed_with_the_hash_of_their_signature(string signature, int length)
    {
        using var rsa = RSA.Create(2048);
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var name = new HashAlgorithmName(signature);
        CertificateRequest[] requests = [new("CN=a", rsa, name, RSASignaturePadding.Pkcs1), new("CN=a", ecdsa, name)];
        foreach (var request in requests)
        {
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
            Assert.Equal(length, ChannelBinding.HashOf(certificate)?.Length);
        }
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace PgTrickle.Wire.Scram;

/// <summary>
/// The client's side of one SCRAM-SHA-256 login (RFC 5802, 7677), with or without channel binding. PostgreSQL takes the name from the startup packet, so
/// the one in here is empty.
/// </summary>
public sealed class ScramClient
{
    /// <summary>The mechanism without channel binding.</summary>
    public const string Mechanism = "SCRAM-SHA-256";

    /// <summary>The mechanism with channel binding.</summary>
    public const string MechanismPlus = "SCRAM-SHA-256-PLUS";

    /// <summary>More iterations than any server is set to; each login would take seconds.</summary>
    public const int MostIterations = 10_000_000;

    private const int NonceBytes = 18;

    private readonly byte[] _password;
    private readonly string _header;
    private readonly byte[] _binding;
    private readonly string _firstBare;
    private readonly string _nonce;
    private byte[]? _serverSignature;

    private ScramClient(string password, string header, byte[] binding, string nonce, string name)
    {
        _password = Encoding.UTF8.GetBytes(Prepare(password));
        _header = header;
        _binding = binding;
        _nonce = nonce;
        _firstBare = $"n={name},r={nonce}";
    }

    /// <summary>A login that is not bound to a TLS channel.</summary>
    public static ScramClient Unbound(string password) => new(password, "n,,", [], NewNonce(), string.Empty);

    /// <summary>A login that is bound to the certificate that the server has shown.</summary>
    public static ScramClient Bound(string password, byte[] certificateHash) =>
        new(password, $"p={ChannelBinding.Type},,", certificateHash, NewNonce(), string.Empty);

    /// <summary>A login with a given nonce and name, as in the RFC's examples.</summary>
    internal static ScramClient ForExample(string password, string nonce, string name) => new(password, "n,,", [], nonce, name);

    /// <summary>The message that goes with the choice of the mechanism.</summary>
    public string FirstMessage => _header + _firstBare;

    /// <summary>Answers the server's first message with the proof.</summary>
    /// <exception cref="ProtocolException">The message is malformed, or is no answer to ours.</exception>
    public string FinalMessage(string serverFirst)
    {
        ArgumentNullException.ThrowIfNull(serverFirst);
        var fields = serverFirst.Split(',');
        if (fields is not [['r', '=', .. var nonce], ['s', '=', .. var saltText], ['i', '=', .. var iterationsText], ..])
        {
            throw new ProtocolException("malformed SCRAM message of the server: nonce, salt and iterations expected");
        }

        if (nonce.Length <= _nonce.Length || !nonce.StartsWith(_nonce, StringComparison.Ordinal))
        {
            throw new ProtocolException("the server's SCRAM nonce does not continue ours");
        }

        var salt = FromBase64(saltText);
        if (!int.TryParse(iterationsText, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is < 1 or > MostIterations)
        {
            throw new ProtocolException("the server's SCRAM iteration count is out of range");
        }

        var salted = Rfc2898DeriveBytes.Pbkdf2(_password, salt, iterations, HashAlgorithmName.SHA256, SHA256.HashSizeInBytes);
        var clientKey = HMACSHA256.HashData(salted, "Client Key"u8);
        var withoutProof = $"c={Convert.ToBase64String([.. Encoding.ASCII.GetBytes(_header), .. _binding])},r={nonce}";
        var signed = Encoding.UTF8.GetBytes($"{_firstBare},{serverFirst},{withoutProof}");
        var proof = HMACSHA256.HashData(SHA256.HashData(clientKey), signed);
        for (var i = 0; i < proof.Length; i++)
        {
            proof[i] ^= clientKey[i];
        }

        _serverSignature = HMACSHA256.HashData(HMACSHA256.HashData(salted, "Server Key"u8), signed);
        return $"{withoutProof},p={Convert.ToBase64String(proof)}";
    }

    /// <summary>Checks that the server knows the password, too.</summary>
    /// <exception cref="ProtocolException">It does not: somebody else answers in its place.</exception>
    public void Verify(string serverFinal)
    {
        ArgumentNullException.ThrowIfNull(serverFinal);
        if (_serverSignature is null
            || serverFinal.Split(',')[0] is not ['v', '=', .. var signature]
            || !CryptographicOperations.FixedTimeEquals(FromBase64(signature), _serverSignature))
        {
            throw new ProtocolException("the server's SCRAM signature is wrong", "28000");
        }
    }

    /// <summary>SASLprep for what passwords consist of; as in PostgreSQL, one that cannot be prepared is used as it is.</summary>
    private static string Prepare(string password)
    {
        if (Ascii.IsValid(password))
        {
            return password;
        }

        try
        {
            return password.Normalize(NormalizationForm.FormKC);
        }
        catch (ArgumentException)
        {
            return password;
        }
    }

    private static string NewNonce() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes));

    private static byte[] FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count) ? bytes[..count] : throw new ProtocolException("malformed base64 in a SCRAM message");
    }
}

namespace PgTrickle.Wire.Backend;

/// <summary>The first field of an authentication message.</summary>
public enum AuthenticationKind
{
#pragma warning disable CS1591 // The names are the protocol's.
    Ok = 0,
    KerberosV5 = 2,
    CleartextPassword = 3,
    Md5Password = 5,
    Gss = 7,
    GssContinue = 8,
    Sspi = 9,
    Sasl = 10,
    SaslContinue = 11,
    SaslFinal = 12,
#pragma warning restore CS1591
}

using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PgTrickle.Architecture.Tests;

/// <summary>Rules on the text of a file. Each yields its violations as lines for a person, so that the rules can be tested on samples.</summary>
internal static partial class TidyRules
{
    public const int LongestFile = 600;
    public const int LongestMethod = 70;

    public static IEnumerable<string> LongFile(string text)
    {
        var lines = text.AsSpan().Count('\n');
        return lines > LongestFile ? [$"{lines} lines, {LongestFile} are allowed"] : [];
    }

    public static IEnumerable<string> LongMethods(string text) => Root(text).DescendantNodes()
        .Where(node => node is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax or AccessorDeclarationSyntax)
        .Select(node => (Line: LineOf(node), Lines: LastLineOf(node) - LineOf(node) + 1))
        .Where(method => method.Lines > LongestMethod)
        .Select(method => $"line {method.Line}: a method of {method.Lines} lines, {LongestMethod} are allowed");

    /// <summary>Time that a test lets pass makes it slow where the machine is fast, and wrong where it is slow.</summary>
    public static IEnumerable<string> Sleeps(string text) => Root(text).DescendantNodes()
        .OfType<MemberAccessExpressionSyntax>()
        .Where(access => $"{access.Expression.ToString().Split('.')[^1]}.{access.Name}" is "Task.Delay" or "Thread.Sleep")
        .Select(access => $"line {LineOf(access)}: {access}; wait for a condition with Eventually");

    public static IEnumerable<string> SkippedTests(string text) => Root(text).DescendantNodes()
        .OfType<AttributeArgumentSyntax>()
        .Where(argument => argument.NameEquals?.Name.Identifier.ValueText is "Skip" or "SkipWhen" or "SkipUnless")
        .Select(argument => $"line {LineOf(argument)}: {argument}");

    public static IEnumerable<string> Unimplemented(string text) => Root(text).DescendantNodes()
        .OfType<IdentifierNameSyntax>()
        .Where(name => name.Identifier.ValueText == nameof(NotImplementedException) && name.Parent is not ArgumentSyntax { Parent.Parent: InvocationExpressionSyntax })
        .Select(name => $"line {LineOf(name)}: {name}");

    public static IEnumerable<string> Reminders(string text) => Matches(text, ReminderPattern());

    /// <summary>Folders of one person's machine.</summary>
    public static IEnumerable<string> MachinePaths(string text) => Matches(text, MachinePathPattern());

    /// <summary>Where packages come from is a matter of whoever builds, not of the repository.</summary>
    public static IEnumerable<string> RegistryHosts(string text) => Matches(text, RegistryPattern());

    /// <summary>
    /// Command text put together by hand. A heuristic: an interpolated string, or a sum with a string, that begins with an SQL verb in capitals. Messages of exceptions
    /// may begin so.
    /// </summary>
    public static IEnumerable<string> HandmadeSql(string text)
    {
        var root = Root(text);
        var interpolated = root.DescendantNodes().OfType<InterpolatedStringExpressionSyntax>()
            .Where(node => node.Contents is [InterpolatedStringTextSyntax first, ..]
                && StartsWithVerb(first.TextToken.ValueText)
                && node.Contents.OfType<InterpolationSyntax>().Any())
            .Cast<ExpressionSyntax>();
        var sums = root.DescendantNodes().OfType<BinaryExpressionSyntax>()
            .Where(node => node.IsKind(SyntaxKind.AddExpression)
                && node.Left is LiteralExpressionSyntax { Token.Value: string left }
                && StartsWithVerb(left)
                && node.Right is not LiteralExpressionSyntax);
        return interpolated.Concat(sums)
            .Where(node => !node.Ancestors().OfType<BaseObjectCreationExpressionSyntax>().Any(IsException))
            .Select(node => $"line {LineOf(node)}: {node.ToString().ReplaceLineEndings(" ")}; print it from the tree of PgTrickle.Sql, or use parameters");
    }

    private static bool IsException(BaseObjectCreationExpressionSyntax creation) =>
        creation is ObjectCreationExpressionSyntax { Type: var type } && type.ToString().EndsWith("Exception", StringComparison.Ordinal);

    private static bool StartsWithVerb(string text) => VerbPattern().IsMatch(text);

    private static SyntaxNode Root(string text) => CSharpSyntaxTree.ParseText(text).GetRoot();

    private static int LineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().StartLinePosition.Line + 1;

    private static int LastLineOf(SyntaxNode node) => node.GetLocation().GetLineSpan().EndLinePosition.Line + 1;

    private static IEnumerable<string> Matches(string text, Regex pattern) => text.Split('\n')
        .Select((line, index) => (Line: index + 1, Match: pattern.Match(line)))
        .Where(found => found.Match.Success)
        .Select(found => $"line {found.Line}: {found.Match.Value}");

    [GeneratedRegex(@"\b(?:TOD[O]|FIXM[E]|XX[X]|HAC[K])\b", RegexOptions.CultureInvariant)]
    private static partial Regex ReminderPattern();

    [GeneratedRegex(@"(?<![\w.:}])(?:/(?:work|root|Users|home/[a-z][\w.-]*)/[\w.]|[A-Z]:\\\\?Users\\)", RegexOptions.CultureInvariant)]
    private static partial Regex MachinePathPattern();

    [GeneratedRegex(@"https?://[\w.-]*(?:nuget|npm|registry|mirror|artifactory|debian)[\w.-]*|\b(?:registry|api)\.(?:npmjs|nuget|yarnpkg)\.\w+", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex RegistryPattern();

    [GeneratedRegex(@"^\s*(?:SELECT|INSERT|UPDATE|DELETE|MERGE|WITH|CREATE|ALTER|DROP|GRANT|REVOKE|TRUNCATE|LOCK|SET|CALL|BEGIN|PREPARE|COMMIT|ROLLBACK|SAVEPOINT|COPY|EXECUTE|EXPLAIN|DEALLOCATE|NOTIFY|LISTEN|DO)\s", RegexOptions.CultureInvariant)]
    private static partial Regex VerbPattern();
}

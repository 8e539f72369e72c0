using PgTrickle.Sql.Syntax;

namespace PgTrickle.Sql.Tests.Syntax;

public class SyntaxListTests
{
    [Fact]
    public void Lists_are_equal_when_their_elements_are()
    {
        SyntaxList<string> left = ["a", "b"];
        SyntaxList<string> right = [new string('a', 1), "b"];
        Assert.True(left == right);
        Assert.Equal(left.GetHashCode(), right.GetHashCode());
        Assert.True(left != ["b", "a"]);
        Assert.False(left.IsSame(right));
    }

    [Fact]
    public void Default_is_the_empty_list()
    {
        SyntaxList<string> empty = [];
        Assert.Equal(default, empty);
        Assert.True(empty.IsEmpty);
        Assert.Empty(default(SyntaxList<string>));
        Assert.True(empty.IsSame(default));
    }

    [Fact]
    public void List_does_not_follow_the_array_it_was_made_of()
    {
        string[] items = ["a"];
        var list = items.ToSyntaxList();
        items[0] = "b";
        Assert.Equal("a", list[0]);
    }

    [Fact]
    public void Longer_lists_are_new_ones()
    {
        SyntaxList<int> list = [1];
        Assert.Equal([1, 2], list.Add(2));
        Assert.Equal([1, 2, 3], list.AddRange([2, 3]));
        Assert.Equal([1], list);
    }
}

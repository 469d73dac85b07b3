using Foretell.Cli.Shell;
using Spectre.Console;

namespace Foretell.Cli.Views;

/// <summary>The two shapes of table that the program prints.</summary>
internal static class Tables
{
    /// <summary>Names at the left, values at the right, no heading.</summary>
    public static Table KeyValue() => new Table().Border(TableBorder.None).HideHeaders()
        .AddColumn(new TableColumn("name") { Padding = new Padding(0, 0, 3, 0) }).AddColumn("value");

    /// <summary>A heading, one column of names and columns of numbers.</summary>
    public static Table Numbers(string nameHeading, params string[] headings)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn(Terminal.Escape(nameHeading)).NoWrap());
        foreach (string heading in headings)
        {
            table.AddColumn(new TableColumn(Terminal.Escape(heading)).RightAligned().NoWrap());
        }
        return table;
    }

    /// <summary>Adds a row, what is best in its column bold.</summary>
    public static void AddCells(this Table table, IEnumerable<(string Text, bool IsBest)> cells) =>
        table.AddRow([.. cells.Select(c => c.IsBest ? $"[bold]{Terminal.Escape(c.Text)}[/]" : Terminal.Escape(c.Text))]);

    /// <summary>Without lines, the columns two blanks apart: for a small screen.</summary>
    public static Table Compact(this Table table)
    {
        table.Border(TableBorder.None);
        foreach (TableColumn column in table.Columns)
        {
            column.Padding = new Padding(0, 0, column == table.Columns[^1] ? 0 : 2, 0);
        }
        return table;
    }
}

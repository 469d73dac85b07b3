namespace Foretell.Cli.Reports;

/// <summary>Style and script of the report's page.</summary>
internal static class PageStyle
{
    public const string Css = """
        :root {
          color-scheme: light dark;
          --ground: #fdfdfc; --ink: #1c1e21; --soft: #5c626b; --rule: #e3e3df; --mark: #f1f1ec;
          --series0: #1d5fd1; --series1: #c2620a; --series2: #3b4250; --series3: #0b8457;
          --series4: #8a3bd1; --series5: #b5296f; --series6: #0b7f96; --series7: #8a6d00; --simple: #9aa0a8;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #15171a; --ink: #e6e7e9; --soft: #9ba1aa; --rule: #2c3036; --mark: #1f2328;
            --series0: #7aa9ff; --series1: #f0a050; --series2: #d5dae2; --series3: #45cf98;
            --series4: #c393ff; --series5: #ff86bd; --series6: #4fd0e6; --series7: #dcc055; --simple: #6d747e;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
        main { max-width: 1400px; margin: 0 auto; padding: 40px 24px 72px; }
        h1 { font-size: 30px; line-height: 1.2; letter-spacing: -.015em; margin: 0 0 16px; }
        h2 { font-size: 20px; letter-spacing: -.01em; margin: 0 0 12px; }
        section { margin-top: 48px; }
        p { max-width: 78ch; margin: 0 0 6px; color: var(--soft); }
        .unfinished { color: var(--series1); font-weight: 600; }
        .wide { overflow-x: auto; margin: 28px 0 12px; }
        table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; white-space: nowrap; }
        td small { color: var(--soft); font-size: 11px; font-weight: 400; }
        th, td { padding: 7px 8px; text-align: right; border-bottom: 1px solid var(--rule); }
        th:first-child { text-align: left; position: sticky; left: 0; background: var(--ground); }
        tbody th { font-weight: 600; }
        thead th { border-bottom: 1.5px solid var(--soft); padding: 0; vertical-align: bottom; }
        thead button { all: unset; cursor: pointer; padding: 7px 8px; color: var(--soft); font-weight: 500; }
        thead button:hover, thead button:focus-visible { color: var(--ink); text-decoration: underline; }
        table.narrow { width: auto; }
        th.fixed { padding: 7px 8px; color: var(--soft); font-weight: 500; }
        tbody tr:hover > * { background: var(--mark); }
        tr.counts > * { color: var(--soft); }
        .notes { max-width: 86ch; margin: 0; padding-left: 18px; font-size: 13.5px; color: var(--soft); }
        figure { margin: 0; }
        .plots { display: flex; flex-wrap: wrap; gap: 16px; }
        .plots svg { flex: 1 1 440px; min-width: 0; max-width: 760px; height: auto; }
        figcaption { max-width: 86ch; font-size: 13.5px; color: var(--soft); margin-top: 8px; }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; margin-top: 6px; }
        .legend svg { width: 26px; height: 12px; margin-right: 6px; vertical-align: -1px; }
        svg text { fill: var(--soft); font-size: 11.5px; font-variant-numeric: tabular-nums; }
        svg text.label { fill: var(--ink); font-size: 12px; paint-order: stroke; stroke: var(--ground); stroke-width: 4px; stroke-linejoin: round; }
        .grid { stroke: var(--rule); stroke-width: 1; }
        .band { fill: var(--rule); opacity: .75; }
        .line { fill: none; stroke: var(--colour); stroke-width: 1.8; stroke-linejoin: round; }
        .line:hover { stroke-width: 4; }
        .line.plain { stroke-dasharray: 5 3; }
        .line.again { stroke-dasharray: 9 3 2 3; }
        .line.simple { stroke-dasharray: 1.5 3; }
        .line.growth { stroke-width: 1; stroke-dasharray: none; opacity: .55; }
        .line.error { stroke-dasharray: none; }
        .line.right { stroke: var(--soft); stroke-width: 1; }
        .point { fill: var(--colour); stroke: var(--colour); stroke-width: 1.8; }
        .point.plain { fill: var(--ground); }
        .series0 { --colour: var(--series0); } .series1 { --colour: var(--series1); } .series2 { --colour: var(--series2); }
        .series3 { --colour: var(--series3); } .series4 { --colour: var(--series4); } .series5 { --colour: var(--series5); }
        .series6 { --colour: var(--series6); } .series7 { --colour: var(--series7); } .simple { --colour: var(--simple); }

        """;

    /// <summary>A click on a heading sorts by it, a second one the other way; cells without a value go last.</summary>
    public const string SortScript = """
        const body = document.querySelector("tbody");
        document.querySelectorAll("thead button").forEach((button, column) => {
          let up = false;
          button.addEventListener("click", () => {
            up = !up;
            const key = row => row.children[column].dataset.value ?? (column ? null : row.children[column].textContent);
            const order = (a, b) => column ? a - b : a.localeCompare(b);
            [...body.rows].sort((x, y) => {
              const a = key(x), b = key(y);
              if (a === null || b === null) return (a === null) - (b === null);
              return up ? order(a, b) : order(b, a);
            }).forEach(row => body.append(row));
          });
        });

        """;
}

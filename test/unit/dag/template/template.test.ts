/**
 * @module Templates: what they render to (as Airflow's Jinja does), and what is refused when the DAG loads.
 */
import { testContext } from "airflare/testing";
import { describe, expect, test } from "vitest";
import type { Context } from "../../../../src/dag/context.ts";
import { templateOf } from "../../../../src/dag/template/template.ts";

const place = { dagId: "d", taskId: "t" };
const context: Context = testContext({
  logicalDate: new Date("2026-03-01T02:30:05Z"),
  params: { country: "DE", limit: 5, list: ["a", "b"], nested: { x: { y: 1 } }, yes: true, nothing: null },
  variables: { db_host: "db.internal", settings: { batch: 7 } },
  connections: { slack: { connType: "http", host: "hooks.example.com", extra: { team: "etl" } } },
  xcoms: { extract: { rows: 12, files: ["x.csv", "y.csv"] }, "extract/count": 3, "group.one": "inside" },
  ti: { taskId: "t", mapIndex: 2, tryNumber: 3 },
});

const rendered = (text: string): Promise<string> => {
  const render = templateOf(place, "sql", text);
  if (render === null) throw new Error("no template");
  return render(context);
};

describe("values", () => {
  test.each([
    ["data/{{ ds }}/{{ ds_nodash }}.csv", "data/2026-03-01/20260301.csv"],
    [
      "{{ ts }} {{ ts_nodash }} {{ ts_nodash_with_tz }}",
      "2026-03-01T02:30:05+00:00 20260301T023005 20260301T023005+0000",
    ],
    ["{{ logical_date }}", "2026-03-01 02:30:05+00:00"],
    ["{{ data_interval_start | ds }} {{ data_interval_end | ts }}", "2026-03-01 2026-03-01T02:30:05+00:00"],
    ["{{ yesterday_ds }} {{ tomorrow_ds_nodash }}", "2026-02-28 20260302"],
    ["{{ params.country }} {{ params['limit'] }} {{ params.list[-1] }}", "DE 5 b"],
    [
      "{{ params.list }} {{ params.nested }} {{ params.yes }} {{ params.nothing }}",
      "['a', 'b'] {'x': {'y': 1}} True None",
    ],
    ["{{ var.value.db_host }}:{{ var.json.settings.batch }}", "db.internal:7"],
    ["{{ var.value.get('none', 'fallback') }}", "fallback"],
    ["{{ conn.slack.host }}/{{ conn.slack.extra_dejson.team }}", "hooks.example.com/etl"],
    ["{{ ti.xcom_pull(task_ids='extract')['rows'] }}", "12"],
    ["{{ ti.xcom_pull('extract').rows + 1 }} {{ task_instance.xcom_pull(task_ids='extract', key='count') }}", "13 3"],
    ["{{ ti.xcom_pull(task_ids='group.one') }} {{ ti.xcom_pull(task_ids='absent') }}", "inside None"],
    ["{{ ti.xcom_pull(task_ids=['extract', 'group.one'])[1] }}", "inside"],
    [
      "{{ ti.map_index }} {{ ti.try_number }} {{ ti.task_id }} {{ dag.dag_id }} {{ run_id }} {{ dag_run.run_id }}",
      "2 3 t test test test",
    ],
    ["{{ dag_run.conf.country }} {{ dag_run.conf.get('other', 'x') }}", "DE x"],
  ])("%s", async (text, expected) => {
    expect(await rendered(text)).toBe(expected);
  });
});

describe("dates and macros", () => {
  test.each([
    ["{{ macros.ds_add(ds, 5) }} {{ macros.ds_add(ds, -1) }}", "2026-03-06 2026-02-28"],
    ["{{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%y') }}", "01.03.26"],
    ["{{ (logical_date - macros.timedelta(days=1, hours=2)) | ts }}", "2026-02-28T00:30:05+00:00"],
    ["{{ (logical_date + macros.timedelta(7)) | ds }}", "2026-03-08"],
    ["{{ logical_date.strftime('%Y/%m/%d %H:%M %j %A %B %%') }}", "2026/03/01 02:30 060 Sunday March %"],
    [
      "{{ logical_date.year }}-{{ logical_date.month }} {{ logical_date.add(days=1).day }} {{ logical_date.subtract(hours=3) | ds_nodash }}",
      "2026-3 2 20260228",
    ],
    ["{{ macros.datetime(2026, 1, 2) < logical_date }}", "True"],
  ])("%s", async (text, expected) => {
    expect(await rendered(text)).toBe(expected);
  });
});

describe("expressions, filters and statements", () => {
  test.each([
    ["{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 7 // 2 }} {{ -7 % 3 }} {{ 'a' ~ 1 ~ 'b' }}", "7 9 3 2 a1b"],
    ["{{ 'big' if params.limit > 3 else 'small' }}{{ 'x' if false }}", "big"],
    [
      "{{ params.limit == 5 and not params.nothing }} {{ 'a' in params.list }} {{ 'c' not in params.list }}",
      "True True True",
    ],
    ["{{ params.absent is defined }} {{ params.nothing is none }} {{ params.country is not none }}", "False True True"],
    ["{{ params.absent | default('none given') }} {{ params.nothing | default('x', true) }}", "none given x"],
    [
      "{{ params.country | lower }} {{ 'a b' | title | replace(' ', '-') }} {{ params.list | join(', ') | upper }}",
      "de A-B A, B",
    ],
    [
      "{{ params.list | length }} {{ '5' | int + 1 }} {{ params.nested | tojson }} {{ [3, 1, 2] | sort | first }}",
      '2 6 {"x":{"y":1}} 1',
    ],
    ["{{ 'a,b'.split(',') | last }} {{ 'x'.upper() }} {{ ', '.join(params.list) }}", "b X a, b"],
    ["{% if params.yes %}yes{% elif params.limit %}limit{% else %}no{% endif %}", "yes"],
    ["{% if not params.yes %}yes{% elif params.limit == 6 %}limit{% else %}no{% endif %}", "no"],
    ["{% for f in params.list %}{{ loop.index }}={{ f }}{% if not loop.last %}, {% endif %}{% endfor %}", "1=a, 2=b"],
    ["{% for k, v in params.nested.items() %}{{ k }}:{{ v.y }}{% endfor %}", "x:1"],
    ["a {#- comment with {{ braces }} -#} b", "ab"],
    ["SELECT 1 {%- if true %} , 2{% endif %}", "SELECT 1 , 2"],
    ["{{ '}} {{' }} {{ \"it's\" }}", "}} {{ it's"],
  ])("%s", async (text, expected) => {
    expect(await rendered(text)).toBe(expected);
  });
});

test("a text without a template is none", () => {
  expect(templateOf(place, "sql", "SELECT '{}' || '}}'")).toBeNull();
});

test("a value is never read as a template again", async () => {
  const evil = testContext({ params: { country: "{{ conn.slack.host }}" } });
  expect(await templateOf(place, "sql", "{{ params.country }}")?.(evil)).toBe("{{ conn.slack.host }}");
});

test.each([
  ["{{ dss }}", "there is no dss; there are conn, dag"],
  ["{{ ti.xcom_pul() }}", "ti has no xcom_pul; it has task_id"],
  ["{{ macros.random() }}", "macros has no random"],
  ["{{ prev_start_date_success }}", "there is no prev_start_date_success"],
  ["{{ ds | wordwrap }}", "there is no filter wordwrap"],
  ["{{ ds is odd }}", "there is no test odd"],
  ["{{ ds", "is not closed with }}"],
  ["{{ }}", "an expression is missing"],
  ["{{ ds ds }}", '"ds" does not fit here'],
  ["{{ f(1, 2 }}", "is missing"],
  ["{% macro x() %}{% endmacro %}", "only if and for are statements"],
  ["{% if ds %}x", "{% endif %} is missing"],
  ["x{% endfor %}", "only if and for are statements"],
  ["{{ ds @ 1 }}", "is not understood"],
])("%s is a load error that names the TypeScript form", (text, why) => {
  const read = (): unknown => templateOf(place, "sql", text);
  expect(read).toThrow(why);
  expect(read).toThrow("write a function of the context instead: sql: (ctx) =>");
});

test.each([
  ["{{ params.absent }}", "an object has no absent"],
  ["{{ params.country.nope }}", "a text has no nope"],
  ["{{ params.list[9] }}", "a list has no item 9"],
  ["{{ params.limit / 0 }}", "division by zero"],
  ["{{ params.country | ds }}", "it is no date"],
  ["{{ params.limit() }}", "params.limit is no function"],
  ["{{ logical_date.strftime('%q') }}", "strftime knows no %q"],
  ["{{ macros.ds_add('yesterday', 1) }}", "is no date of the form"],
  ["{% for x in params.limit %}{% endfor %}", "a number is no list"],
])("%s fails the task with an error that names field and place", async (text, why) => {
  await expect(rendered(text)).rejects.toMatchObject({
    code: "AirflowException",
    message: expect.stringMatching(/^Template of sql: /),
  });
  await expect(rendered(text)).rejects.toThrow(why);
});

test.each(["__proto__", "constructor", "toString", "hasOwnProperty", "__class__"])(
  "no way leads out by %s",
  async (name) => {
    for (const start of [
      "params",
      "params.country",
      "params.list",
      "logical_date",
      "ti.xcom_pull",
      "macros.timedelta(1)",
    ])
      await expect(rendered(`{{ ${start}['${name}'] }}`), start).rejects.toThrow();
    for (const start of ["params", "params.country", "params.list", "logical_date"])
      await expect(rendered(`{{ ${start}.${name} }}`), start).rejects.toThrow();
  },
);

test("a variable that is missing keeps its own error", async () => {
  await expect(rendered("{{ var.value.absent }}")).rejects.toMatchObject({ code: "variable_not_found" });
});

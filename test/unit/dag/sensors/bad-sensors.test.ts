/**
 * @module Wrong definitions of sensors: each is a load error that names task and remedy.
 */
import { expect, test } from "vitest";
import {
  dag,
  dateTimeSensor,
  dayOfWeek,
  externalTask,
  fileSensor,
  httpSensor,
  r2Key,
  s3Key,
  sensor,
  timeDelta,
  timeSensor,
} from "../../../../src/index.ts";

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
const untyped = <T>(value: unknown): T => value as T;

test.each<[string, () => unknown, RegExp]>([
  [
    "soft and never fail",
    () => sensor("wait", { softFail: true, neverFail: true }, async () => true),
    /softFail and neverFail exclude each other/,
  ],
  [
    "soft and never fail of a built-in one",
    () => externalTask("wait", { dag: "up", softFail: true, neverFail: true }),
    /task "wait": softFail and neverFail exclude/,
  ],
  [
    "a delta and a date function",
    () => externalTask("wait", { dag: "up", executionDelta: "1h", executionDateFn: (date) => date }),
    /executionDelta and executionDateFn exclude each other/,
  ],
  [
    "a task and a group",
    () => externalTask("wait", { dag: "up", task: "a", group: "g" }),
    /only one of task, tasks and group/,
  ],
  [
    "an S3 URL and a bucket",
    () => s3Key("wait", { bucketName: "b", bucketKey: "s3://b/k" }),
    /is a whole URL, so bucketName must be left out/,
  ],
  [
    "a key without bucket",
    () => s3Key("wait", { bucketKey: "k" }),
    /names no bucket; give bucketName, or the whole URL s3:\/\/bucket\/k/,
  ],
  ["no key", () => s3Key("wait", { bucketName: "b", bucketKey: [] }), /it has no bucketKey/],
  [
    "a wildcard that is a regular expression",
    () => r2Key("wait", { bucket: "LAKE", key: "a", wildcardMatch: true, useRegex: true }),
    /wildcardMatch and useRegex exclude each other/,
  ],
  [
    "a bad regular expression",
    () => r2Key("wait", { bucket: "LAKE", key: "(", useRegex: true }),
    /"\(" is no regular expression/,
  ],
  ["no bucket", () => r2Key("wait", untyped({ key: "a" })), /it has no bucket/],
  ["no path", () => fileSensor("wait", { filepath: "" }), /it has no filepath/],
  ["a bad time", () => timeSensor("wait", { targetTime: "6 o'clock" }), /is no time of day; write one like "06:00"/],
  ["a bad date", () => dateTimeSensor("wait", { targetTime: "soon" }), /"soon" is no date/],
  ["a bad delta", () => timeDelta("wait", untyped({ delta: "5 minutes" })), /delta "5 minutes" is no duration/],
  ["a bad day", () => dayOfWeek("wait", untyped({ weekDay: ["Mon"] })), /\["Mon"\] names no day of the week/],
  ["a bad method", () => httpSensor("wait", { endpoint: "/", method: "FETCH" }), /method "FETCH" is unknown/],
  [
    "a misspelt option",
    () => fileSensor("wait", untyped({ filepath: "a", filePath: "b" })),
    /there is no option "filePath"/,
  ],
])("%s", (_name, place, message) => {
  const load = () => dag("bad", { schedule: null }, () => void place());
  expect(load).toThrow(expect.objectContaining({ code: "invalid_dag", message: expect.stringMatching(message) }));
});

/**
 * @module Bytes of UTF-8 without encoding.
 */
import { expect, test } from "vitest";
import { utf8Length } from "../../../src/lib/utf8.ts";

test.each(["", "plain", "naïve", "日本語", "a😀b", "\ud800", "\udc00x", "\ud800\ud800", "é".repeat(1000)])(
  "%j",
  (text) => {
    expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
  },
);

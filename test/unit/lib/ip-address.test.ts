/**
 * @module Addresses as bytes and which of them are public.
 */
import { expect, test } from "vitest";
import { ipBytes, isPublicAddress, isWithin } from "../../../src/lib/ip-address.ts";

const bytesOf = (host: string): Uint8Array => {
  const bytes = ipBytes(host);
  if (bytes === null) throw new Error(`${host} is no address`);
  return bytes;
};

test("addresses are read in the forms that URL writes", () => {
  expect([...bytesOf("1.2.3.4")]).toEqual([1, 2, 3, 4]);
  expect([...bytesOf("[2606:4700::1111]")]).toEqual([0x26, 0x06, 0x47, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x11, 0x11]);
  expect([...bytesOf("::ffff:127.0.0.1")].slice(10)).toEqual([0xff, 0xff, 127, 0, 0, 1]);
  for (const name of ["example.com", "1.2.3", "1.2.3.256", "1:2:3", "::1::", "", "12345::"])
    expect(ipBytes(name), name).toBeNull();
});

test.each([
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "100.100.100.200",
  "127.0.0.1",
  "169.254.169.254",
  "172.16.0.1",
  "172.31.255.255",
  "192.0.0.192",
  "192.168.1.1",
  "198.18.0.1",
  "198.51.100.7",
  "203.0.113.9",
  "224.0.0.1",
  "255.255.255.255",
  "168.63.129.16",
  "::",
  "::1",
  "fe80::1",
  "fc00::1",
  "fd00:ec2::254",
  "ff02::1",
  "::ffff:8.8.8.8",
  "64:ff9b::a9fe:a9fe",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "3fff::1",
])("%s is not public", (address) => {
  expect(isPublicAddress(bytesOf(address))).toBe(false);
});

test.each([
  "1.1.1.1",
  "8.8.8.8",
  "172.32.0.1",
  "100.128.0.1",
  "168.63.129.17",
  "223.255.255.1",
  "2606:4700:4700::1111",
  "2a00:1450::5",
])("%s is public", (address) => {
  expect(isPublicAddress(bytesOf(address))).toBe(true);
});

test("a network holds its addresses and no others", () => {
  expect(isWithin(bytesOf("10.1.255.255"), "10.1.0.0", 16)).toBe(true);
  expect(isWithin(bytesOf("10.2.0.0"), "10.1.0.0", 16)).toBe(false);
  expect(isWithin(bytesOf("10.1.128.0"), "10.1.0.0", 17)).toBe(false);
  expect(isWithin(bytesOf("fd00::1"), "fd00::", 8)).toBe(true);
  expect(isWithin(bytesOf("10.0.0.1"), "fd00::", 8)).toBe(false);
});

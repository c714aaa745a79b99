import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allowList, isPublicAddress, shownHost } from "./hosts.ts";

describe("which URLs may be fetched", () => {
  const permissionOf = allowList(["recordings.example", "10.0.0.5:8080", "[::1]:9000", "Files.Example:443"]);
  const permission = (url: string) => permissionOf(new URL(url));

  it("CloudTalk's hosts by https on its usual port, whatever the list says", () => {
    expect(permission("https://my.cloudtalk.io/pub/r/x/y.wav")).toBe("vendor");
    expect(permission("https://Storage.CloudTalk.io/x")).toBe("vendor");
    for (const url of ["http://my.cloudtalk.io/x", "https://my.cloudtalk.io:8443/x", "ftp://my.cloudtalk.io/x"]) {
      expect(permission(url)).toBeUndefined();
    }
  });

  it("hosts that were named, on any port or on the named one, also by plain http", () => {
    expect(permission("http://recordings.example:1234/x")).toBe("named");
    expect(permission("https://RECORDINGS.example/x")).toBe("named");
    expect(permission("http://10.0.0.5:8080/x")).toBe("named");
    expect(permission("http://[0:0:0:0:0:0:0:1]:9000/x")).toBe("named");
    expect(permission("https://files.example/x")).toBe("named");
    expect(permission("http://files.example/x")).toBeUndefined();
    expect(permission("http://10.0.0.5/x")).toBeUndefined();
  });

  it("nothing that only looks like them", () => {
    const urls = [
      "https://cloudtalk.io.evil.example",
      "https://evilcloudtalk.io",
      "https://my.cloudtalk.io.",
      "https://evil.example#my.cloudtalk.io",
    ];
    const tricks = [
      "https://my.cloudtalk.io@evil.example",
      "https://a:b@my.cloudtalk.io",
      "file:///etc/passwd",
      "data:audio/wav,x",
    ];
    for (const url of [...urls, ...tricks]) expect(permission(url)).toBeUndefined();
  });

  it("an address in disguise is the address", () => {
    const named = allowList(["127.0.0.1:80"]);
    for (const host of ["2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0x7f000001"]) {
      expect(named(new URL(`http://${host}/`))).toBe("named");
      expect(allowList([])(new URL(`https://${host}/`))).toBeUndefined();
    }
  });

  it("an entry that is neither host nor host:port stops the boot", () => {
    for (const entry of ["https://x.example", "x.example/path", "", "a b", "user@x.example", "x.example:port"]) {
      expect(() => allowList([entry])).toThrow("neither host nor host:port");
    }
  });

  it("a host is shown without long numbers", () => {
    expect(shownHost(new URL("https://r391234567890.example/secret?x=1"))).toBe("r<number>.example");
  });
});

describe("which addresses are public", () => {
  it("those of the internet", () => {
    for (const address of ["1.1.1.1", "52.29.1.2", "2606:4700::1111", "::ffff:8.8.8.8"])
      expect(isPublicAddress(address)).toBe(true);
  });

  it("none that lead inside", () => {
    const v4 = [
      "127.0.0.1",
      "10.1.2.3",
      "172.16.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "0.0.0.0",
      "224.0.0.1",
      "255.255.255.255",
      "192.0.2.1",
      "198.18.0.1",
      "240.0.0.1",
    ];
    const v6 = [
      "::1",
      "::",
      "fe80::1",
      "fc00::1",
      "fd00:ec2::254",
      "ff02::1",
      "fec0::1",
      "::ffff:127.0.0.1",
      "::ffff:a00:1",
      "::10.0.0.1",
      "64:ff9b::a00:1",
      "2002:a00:1::1",
      "2001::1",
      "fe80::1%eth0",
    ];
    for (const address of [...v4, ...v6, "", "localhost", "1.2.3", "010.0.0.1"])
      expect([address, isPublicAddress(address)]).toEqual([address, false]);
  });

  it("no private IPv4 address gets through inside an IPv6 one", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), (a, b) => {
        expect(isPublicAddress(`::ffff:10.${a}.${b}.1`)).toBe(false);
        expect(isPublicAddress(`64:ff9b::10.${a}.${b}.1`)).toBe(false);
      }),
    );
  });
});

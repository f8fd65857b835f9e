/**
 * @module What the machine must have. One sentence per shortcoming, with its remedy.
 */

/** True when dotted version `a` is at least `b`. */
export function atLeast(a, b) {
  const [left, right] = [a, b].map((version) => version.split(".").map((part) => Number.parseInt(part, 10)));
  for (let i = 0; i < right.length; i++) {
    const difference = (left[i] ?? 0) - right[i];
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Null, or why Airflare cannot run here and what to do. `glibc` is null where the C library is not glibc. */
export function machineProblem({ node, platform, arch, release, glibc }) {
  if (!atLeast(node, "20.0")) return `Node ${node} is too old: install Node 20 or later from https://nodejs.org`;
  if (!["linux", "darwin", "win32"].includes(platform)) {
    return `there is no workerd for ${platform}: use Linux, macOS or Windows (WSL)`;
  }
  if (!["x64", "arm64"].includes(arch)) return `there is no workerd for ${arch}: use a 64-bit x64 or arm64 Node`;
  if (platform === "linux" && glibc === null) {
    return "workerd needs glibc, and this system has another C library (musl): use a Debian, Ubuntu or Fedora image";
  }
  if (platform === "linux" && !atLeast(glibc, "2.35")) {
    return `workerd needs glibc 2.35, and this system has ${glibc}: use Ubuntu 22.04, Debian 12 or later`;
  }
  if (platform === "darwin" && !atLeast(release, "22.6")) return "workerd needs macOS 13.5 or later: update macOS";
  return null;
}

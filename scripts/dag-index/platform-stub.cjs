/**
 * @module Stands for `cloudflare:*` while a DAG file is evaluated in Node: any name can be imported and extended; calling one says why it cannot work at load.
 */
const stub = (name) =>
  function PlatformStub() {
    throw new Error(`${name} of the Workers platform cannot be used while a DAG file loads; use it inside a task`);
  };

// As prototype, because a bundler copies the own properties of a CommonJS module and keeps its prototype.
module.exports = Object.create(
  new Proxy({ __esModule: true }, { get: (target, name) => (target[name] ??= stub(String(name))) }),
);

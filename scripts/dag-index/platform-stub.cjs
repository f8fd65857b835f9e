/**
 * @module Stands for `cloudflare:*` while a DAG file is evaluated in Node: any name can be imported and extended; calling one says why it cannot work at load.
 */
const stub = (name) =>
  function PlatformStub() {
    throw new Error(`${name} of the Workers platform cannot be used while a DAG file loads; use it inside a task`);
  };

module.exports = new Proxy({ __esModule: true }, { get: (target, name) => (target[name] ??= stub(String(name))) });

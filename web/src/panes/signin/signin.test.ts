import { expect, it } from "vitest";
import { keyIn } from "./index.tsx";

it("finds the key in an address, or takes what was pasted as the key", () => {
  expect(keyIn(" abc ")).toBe("abc");
  expect(keyIn("http://127.0.0.1:7717/?key=abc")).toBe("abc");
  expect(keyIn("http://127.0.0.1:7717/?a=1&key=abc#x")).toBe("abc");
});

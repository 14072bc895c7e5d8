/** Files and addresses that a stranger names. */
import type { Node } from "oxc-parser";
import { bare } from "../../source/parse.ts";
import { Pieces } from "../pieces.ts";
import { apiOf, literalOf, nameOf, optionsOf, ownerOf, shown } from "../read.ts";
import type { Rule, Scene } from "../rule.ts";

const FILES =
  /^(?:readFile|writeFile|appendFile|open|unlink|rm|rmdir|readdir|mkdir|stat|lstat|access|rename|copyFile|cp|chmod|truncate|createReadStream|createWriteStream|exists|opendir|outputFile|readJson|writeJson|remove|move|copy|symlink|realpath)(?:Sync)?$/;
const PACKAGES = /^(?:fs|fs\/promises|fs-extra|graceful-fs)$/;

export const pathTraversal: Rule = {
  id: "path-traversal",
  claim: "No request names a file.",
  cwe: 22,
  asvs: "v5.0.0-5.3.2",
  severity: "high",
  advice: {
    symptom: "`../../etc/passwd` is read, or a file of the program is written over.",
    cause: "A value of the request is part of a path.",
    fix: "Keep files under ids of your own; or resolve the path and refuse what does not begin with the folder and a separator.",
  },
  of: ["CallExpression"],
  look: (scene, node) => {
    if (node.type !== "CallExpression") return;
    const { project, module } = scene;
    const name = nameOf(node.callee);
    const [first, second] = node.arguments;
    if (first === undefined) return;
    if (/^(?:sendFile|download|sendfile)$/.test(name) && ownerOf(node.callee) !== undefined) {
      // With a root the framework refuses what leads out of it.
      const hasRoot = node.arguments.some(
        (one) => optionsOf(project, module, one)?.values.has("root") === true,
      );
      if (!hasRoot && !/^reply$/.test(nameOf(ownerOf(node.callee) ?? node))) judge(scene, node, first);
    } else if (FILES.test(name)) {
      const api = apiOf(project, module, node.callee);
      if (api === undefined || !PACKAGES.test(api.source)) return;
      judge(scene, node, first);
      if (second !== undefined && /^(?:rename|copyFile|cp|symlink|move|copy)/.test(name))
        judge(scene, node, second);
    }
  },
};

function judge({ project, module, flow, report }: Scene, at: Node, path: Node): void {
  if (flow.of(module, path) !== "request") return;
  const piece = new Pieces(project, module, path).list.find(
    (one) => one.text === undefined && flow.of(one.module, one.node) === "request",
  );
  report(at, `${shown(module, piece?.node ?? path)} leads to a file`);
}

export const openRedirect: Rule = {
  id: "open-redirect",
  claim: "No request says where a browser goes next.",
  cwe: 601,
  asvs: "v5.0.0-3.7.2",
  severity: "medium",
  advice: {
    symptom: "A link to this site ends on a site that looks like it and asks for the password.",
    cause: "The target of a redirect comes from the request, and nothing looked at it.",
    fix: "Redirect to paths of your own; take targets from a closed list, or check that it begins with one `/` and no `//` or `/\\`.",
  },
  of: ["CallExpression", "AssignmentExpression"],
  look: (scene, node) => {
    if (node.type === "AssignmentExpression") {
      const target = bare(node.left);
      const isLocation =
        nameOf(target) === "location" ||
        (nameOf(target) === "href" &&
          target.type === "MemberExpression" &&
          nameOf(target.object) === "location");
      if (isLocation && target.type === (nameOf(target) === "href" ? "MemberExpression" : target.type))
        leads(scene, node, node.right);
      return;
    }
    if (node.type !== "CallExpression") return;
    const { project, module } = scene;
    const name = nameOf(node.callee);
    const owner = ownerOf(node.callee);
    if (owner === undefined) return;
    const [first, second] = node.arguments;
    if (name === "redirect") {
      const target = node.arguments.find((one) => scene.flow.of(module, one) === "request");
      if (target !== undefined) leads(scene, node, target);
    } else if (/^(?:assign|replace)$/.test(name) && nameOf(owner) === "location" && first !== undefined)
      leads(scene, node, first);
    else if (
      /^(?:setHeader|header|set)$/.test(name) &&
      second !== undefined &&
      /^location$/i.test(String(literalOf(project, module, first)))
    )
      leads(scene, node, second);
    else if (name === "writeHead") {
      const to = node.arguments
        .map((one) => optionsOf(project, module, one)?.values)
        .find((one) => one !== undefined);
      const target = to?.get("Location") ?? to?.get("location");
      if (target !== undefined) leads(scene, node, target.node);
    }
  },
};

/** After these a value names no other site. */
const HARMLESS_BEFORE = /^(?:\/[^/\\]|https?:\/\/[^/]+\/|[?#])|^\.\.?\//i;
const PAGE_ITSELF = /^(?:window\.|document\.)?location\.(?:href|pathname|search|hash)$/;

/** What stands before the value decides: after "/users/" it cannot name another site. */
function leads({ project, module, flow, report }: Scene, at: Node, target: Node): void {
  if (flow.of(module, target) !== "request") return;
  const { list } = new Pieces(project, module, target);
  const bad = list.find((piece, place) => {
    if (piece.text !== undefined || flow.of(piece.module, piece.node) !== "request") return false;
    const before = list.slice(0, place).filter(({ choice }) => choice === piece.choice);
    const named = shown(piece.module, piece.node);
    if (PAGE_ITSELF.test(named)) return false;
    // The path of the request behind a host of one's own.
    const hasHost = before.some(({ text }) => text === undefined);
    return !(hasHost || HARMLESS_BEFORE.test(before.map(({ text }) => text ?? "").join("")));
  });
  if (bad !== undefined) report(at, `${shown(bad.module, bad.node)} says where to go`);
}

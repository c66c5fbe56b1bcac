"use strict";

/* node messages.js FILE: what acorn finds in a script that must be ES5: its functions, and how it calls outlet. */

const fs = require("fs");
const acorn = require("acorn");

const tree = acorn.parse(fs.readFileSync(process.argv[2], "utf8"), {ecmaVersion: 5, sourceType: "script"});
const found = {functions: [], called: [], outlets: []};

function walk(node, top) {
    if (Array.isArray(node)) {
        node.forEach((one) => walk(one, top));
        return;
    }
    if (!node || typeof node.type !== "string") {
        return;
    }
    if (node.type === "FunctionDeclaration" && top) {
        found.functions.push(node.id.name);
    }
    if (node.type === "CallExpression") {
        const callee = node.callee;
        if (callee.type === "Identifier") {
            found.called.push(callee.name);
        }
        if (callee.name === "outlet") {
            found.outlets.push(describe(node.arguments[1]));
        }
        if (callee.property && callee.property.name === "apply") {
            found.called.push((callee.object.name || "?") + ".apply");
        }
    }
    for (const key of Object.keys(node)) {
        if (node[key] && typeof node[key] === "object") {
            walk(node[key], node.type === "Program" || (top && Array.isArray(node)));
        }
    }
}

/* The kinds of the atoms of outlet(n, [...]); an added string would be a new symbol each time. */
function describe(node) {
    if (node.type === "ArrayExpression") {
        return node.elements.map((one) => (one.type === "Literal" ? one.value : one.type + (one.operator || "")));
    }
    if (node.type === "CallExpression" && node.callee.property && node.callee.property.name === "concat") {
        return describe(node.callee.object).concat(["..."]);
    }
    return [node.type];
}

walk(tree, false);
process.stdout.write(JSON.stringify(found));

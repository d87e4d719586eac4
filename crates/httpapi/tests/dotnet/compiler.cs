// Compiles a file as C# 10 by Roslyn: compiler SOURCE PROGRAM FOLDER, the folder being that of the runtime's assemblies.

using System;
using System.IO;
using System.Linq;
using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

static class Compiler
{
    static bool IsAssembly(string file)
    {
        try { return AssemblyName.GetAssemblyName(file) != null; }
        catch (BadImageFormatException) { return false; }
    }

    static int Main(string[] arguments)
    {
        var options = new CSharpParseOptions(LanguageVersion.CSharp10);
        var source = CSharpSyntaxTree.ParseText(File.ReadAllText(arguments[0]), options);
        var assemblies = Directory.GetFiles(arguments[2], "*.dll").Where(IsAssembly);
        var references = assemblies.Select(file => (MetadataReference)MetadataReference.CreateFromFile(file));
        var program = new CSharpCompilationOptions(OutputKind.ConsoleApplication);
        var compilation = CSharpCompilation.Create("example", new[] { source }, references.ToArray(), program);
        using (var output = File.Create(arguments[1]))
        {
            var result = compilation.Emit(output);
            var told = result.Diagnostics.Where(found => found.Severity >= DiagnosticSeverity.Warning).ToArray();
            foreach (var found in told) Console.WriteLine(found);
            return result.Success && told.Length == 0 ? 0 : 1;
        }
    }
}

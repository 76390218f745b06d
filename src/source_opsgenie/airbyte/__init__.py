"""Airbyte's verbs and messages; the only package that imports the CDK."""

"""Dashboard: the Streamlit app that reads the ledger."""
